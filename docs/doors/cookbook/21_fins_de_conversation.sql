-- Pourquoi les conversations s'arrêtent-elles, et après combien de temps ?
-- Une fin par panne (`kiosk_lost`, `provider_lost`, `gateway_lost`) se traite ; une fin par l'adhérent est
-- normale.
-- Columns: close_reason text, session_count bigint, share_percent numeric, median_duration_seconds numeric,
-- mean_member_turn_count numeric
-- Rows: at least one row

select
    close_reason,
    count(*) as session_count,
    round(100.0 * count(*) / sum(count(*)) over (), 1) as share_percent,
    round((percentile_cont(0.5) within group (order by duration_seconds))::numeric, 0) as median_duration_seconds,
    round(avg(member_turn_count), 1) as mean_member_turn_count
from marts.fct_sessions
group by close_reason
order by session_count desc;
