-- A gym's active members are those that dim_members has for it.

with

members as (
    select
        gym_id,
        count(*) as active_member_count
    from {{ ref('dim_members') }}
    where is_active
    group by gym_id
)

select gyms.gym_id
from {{ ref('dim_gyms') }} as gyms
left join members on gyms.gym_id = members.gym_id
where gyms.active_member_count <> coalesce(members.active_member_count, 0)
