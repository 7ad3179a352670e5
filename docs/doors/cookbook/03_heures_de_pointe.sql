-- À quelles heures vient-on, salle par salle ?
-- Visites des quatre dernières semaines par heure locale de la salle ; les trois heures les plus pleines de
-- chacune.
-- Columns: gym_name text, local_hour integer, visit_count bigint, share_percent numeric
-- Rows: at least one row

with

hours as (
    select
        visits.gym_id,
        extract(hour from visits.visited_at at time zone gyms.timezone)::integer as local_hour,
        count(*) as visit_count
    from public.member_visits as visits
    inner join marts.dim_gyms as gyms on visits.gym_id = gyms.gym_id
    cross join (select max(local_date) as last_date from marts.fct_gym_daily) as built
    -- Whole days: the last one has its morning only.
    where (visits.visited_at at time zone gyms.timezone)::date between built.last_date - 28 and built.last_date - 1
    group by visits.gym_id, local_hour
),

ranked as (
    select
        *,
        row_number() over (partition by gym_id order by visit_count desc, local_hour) as hour_rank,
        round(100.0 * visit_count / sum(visit_count) over (partition by gym_id), 1) as share_percent
    from hours
)

select
    gyms.gym_name,
    ranked.local_hour,
    ranked.visit_count,
    ranked.share_percent
from ranked
inner join marts.dim_gyms as gyms on ranked.gym_id = gyms.gym_id
where ranked.hour_rank <= 3
order by gyms.gym_name, ranked.hour_rank;
