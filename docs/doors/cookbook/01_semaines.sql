-- Comment se sont passées les dernières semaines, salle par salle ?
-- Huit semaines entières, la plus récente d'abord ; une semaine commence le lundi.
-- Columns: gym_name text, week_start_date date, visit_count bigint, session_count bigint, alert_opened_count
-- bigint, cost_usd numeric
-- Rows: at least one row

select
    gyms.gym_name,
    date_trunc('week', days.local_date)::date as week_start_date,
    sum(days.visit_count) as visit_count,
    sum(days.session_count) as session_count,
    sum(days.alert_opened_count) as alert_opened_count,
    sum(days.cost_usd) as cost_usd
from marts.fct_gym_daily as days
inner join marts.dim_gyms as gyms on days.gym_id = gyms.gym_id
cross join (select max(local_date) as last_date from marts.fct_gym_daily) as built
-- A week that is not over would look like a fall.
where days.local_date < date_trunc('week', built.last_date + 1)
    and days.local_date >= date_trunc('week', built.last_date + 1) - interval '8 weeks'
group by gyms.gym_name, week_start_date
order by week_start_date desc, gyms.gym_name;
