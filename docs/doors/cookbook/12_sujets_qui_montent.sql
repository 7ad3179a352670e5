-- Quels sujets montent ?
-- Part des conversations analysées de chaque sujet : quatre dernières semaines contre les douze d'avant, en
-- points.
-- Columns: topic text, recent_session_count bigint, recent_percent numeric, earlier_percent numeric, change_points
-- numeric
-- Rows: at least one row

with

analysed as (
    select
        sessions.key_topics,
        sessions.local_date > built.last_date - 28 as is_recent
    from marts.fct_sessions as sessions
    cross join (select max(local_date) as last_date from marts.fct_gym_daily) as built
    where sessions.analysis_status = 'completed' and sessions.local_date > built.last_date - 112
),

totals as (
    select
        count(*) filter (where is_recent) as recent_count,
        count(*) filter (where not is_recent) as earlier_count
    from analysed
)

select
    topics.topic,
    count(*) filter (where analysed.is_recent) as recent_session_count,
    round(100.0 * count(*) filter (where analysed.is_recent) / nullif(totals.recent_count, 0), 1) as recent_percent,
    round(
        100.0 * count(*) filter (where not analysed.is_recent) / nullif(totals.earlier_count, 0), 1
    ) as earlier_percent,
    round(
        100.0 * count(*) filter (where analysed.is_recent) / nullif(totals.recent_count, 0)
        - 100.0 * count(*) filter (where not analysed.is_recent) / nullif(totals.earlier_count, 0),
        1
    ) as change_points
from analysed
cross join totals
cross join lateral unnest(analysed.key_topics) as topics (topic)
group by topics.topic, totals.recent_count, totals.earlier_count
order by change_points desc nulls last, topics.topic;
