-- The hours of a gym's day hold the visits of that day, no more and no less.

with

hours as (
    select
        gym_id,
        local_date,
        sum(visit_count) as visit_count
    from {{ ref('fct_visits_hourly') }}
    group by gym_id, local_date
)

select
    days.gym_id,
    days.local_date
from {{ ref('fct_gym_daily') }} as days
left join hours on days.gym_id = hours.gym_id and days.local_date = hours.local_date
where days.visit_count <> coalesce(hours.visit_count, 0)
