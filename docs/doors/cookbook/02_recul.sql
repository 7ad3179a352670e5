-- Quelles salles reculent par rapport au mois précédent ?
-- Les quatre dernières semaines contre les quatre d'avant, en visites ; du recul le plus fort au moins fort.
-- Columns: gym_name text, recent_visit_count bigint, earlier_visit_count bigint, change_percent numeric
-- Rows: at least one row

with

days as (
    select
        days.gym_id,
        days.visit_count,
        days.local_date >= built.last_date - 28 as is_recent
    from marts.fct_gym_daily as days
    cross join (select max(local_date) as last_date from marts.fct_gym_daily) as built
    -- Without the last day, which is not over: every gym would seem to fall.
    where days.local_date between built.last_date - 56 and built.last_date - 1
),

summed as (
    select
        gym_id,
        coalesce(sum(visit_count) filter (where is_recent), 0) as recent_visit_count,
        coalesce(sum(visit_count) filter (where not is_recent), 0) as earlier_visit_count
    from days
    group by gym_id
)

select
    gyms.gym_name,
    summed.recent_visit_count,
    summed.earlier_visit_count,
    round(100.0 * summed.recent_visit_count / nullif(summed.earlier_visit_count, 0) - 100, 1) as change_percent
from summed
inner join marts.dim_gyms as gyms on summed.gym_id = gyms.gym_id
order by change_percent asc nulls last;
