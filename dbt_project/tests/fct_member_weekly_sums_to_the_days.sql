-- The weeks of a gym's members hold every visit and every conversation of a known member, once.

with

weeks as (
    select
        gym_id,
        sum(visit_count) as visit_count,
        sum(session_count) as session_count
    from {{ ref('fct_member_weekly') }}
    group by gym_id
),

days as (
    select
        gym_id,
        sum(visit_count) as visit_count
    from {{ ref('fct_gym_daily') }}
    group by gym_id
),

-- A member's conversations at another gym of the network are that gym's sessions, and the member's weeks.
sessions as (
    select
        members.gym_id,
        count(*) as session_count
    from {{ ref('fct_sessions') }} as sessions
    inner join {{ ref('dim_members') }} as members on sessions.member_id = members.member_id
    group by members.gym_id
)

select days.gym_id
from days
left join weeks on days.gym_id = weeks.gym_id
left join sessions on days.gym_id = sessions.gym_id
where days.visit_count <> coalesce(weeks.visit_count, 0)
    or coalesce(sessions.session_count, 0) <> coalesce(weeks.session_count, 0)
