-- Quelles bornes servent peu, ou coupent souvent ?
-- Douze dernières semaines ; une coupure est une fin par panne, de la borne, du fournisseur ou de la passerelle.
-- Columns: gym_name text, kiosk_name text, kiosk_status text, session_count bigint, cut_session_count bigint,
-- cut_percent numeric
-- Rows: at least one row

select
    gyms.gym_name,
    kiosks.name as kiosk_name,
    kiosks.status as kiosk_status,
    count(sessions.session_id) as session_count,
    count(sessions.session_id) filter (
        where sessions.close_reason in ('kiosk_lost', 'provider_lost', 'gateway_lost')
    ) as cut_session_count,
    round(
        100.0 * count(sessions.session_id) filter (
            where sessions.close_reason in ('kiosk_lost', 'provider_lost', 'gateway_lost')
        ) / nullif(count(sessions.session_id), 0),
        1
    ) as cut_percent
from public.kiosks as kiosks
inner join marts.dim_gyms as gyms on kiosks.gym_id = gyms.gym_id
cross join (select max(local_date) as last_date from marts.fct_gym_daily) as built
left join marts.fct_sessions as sessions
    on kiosks.id = sessions.kiosk_id and sessions.local_date > built.last_date - 84
group by gyms.gym_name, kiosks.name, kiosks.status
order by session_count asc, gyms.gym_name, kiosk_name;
