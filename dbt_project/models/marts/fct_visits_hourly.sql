with

visits as (
    select
        visits.gym_id,
        visits.member_id,
        visits.local_date,
        extract(hour from visits.visited_at at time zone gyms.timezone)::integer as local_hour
    from {{ ref('int_visits__localised') }} as visits
    inner join {{ ref('stg_jarvis__gyms') }} as gyms on visits.gym_id = gyms.gym_id
)

select
    gym_id,
    local_date,
    local_hour,
    extract(isodow from local_date)::integer as weekday_number,
    count(*)::integer as visit_count,
    count(distinct member_id)::integer as distinct_visitor_count,
    now() as built_at
from visits
group by gym_id, local_date, local_hour
