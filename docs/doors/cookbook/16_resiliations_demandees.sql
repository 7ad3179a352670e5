-- Combien d'adhérents parlent de résilier, et où ?
-- Adhérents différents qui ont demandé à résilier ou à suspendre, douze dernières semaines, pour mille adhérents
-- actifs.
-- Columns: gym_name text, asked_to_cancel_member_count bigint, asked_to_freeze_member_count bigint,
-- asking_per_1000_members numeric
-- Rows: at least one row

with

asked as (
    select
        sessions.gym_id,
        sessions.member_id,
        'cancel_membership' = any (sessions.intents) as is_cancel
    from marts.fct_sessions as sessions
    cross join (select max(local_date) as last_date from marts.fct_gym_daily) as built
    where sessions.intents && array['cancel_membership', 'freeze_membership']
        and sessions.local_date > built.last_date - 84
)

select
    gyms.gym_name,
    count(distinct asked.member_id) filter (where asked.is_cancel) as asked_to_cancel_member_count,
    count(distinct asked.member_id) filter (where not asked.is_cancel) as asked_to_freeze_member_count,
    round(
        1000.0 * count(distinct asked.member_id) / nullif(gyms.active_member_count, 0), 1
    ) as asking_per_1000_members
from marts.dim_gyms as gyms
left join asked on gyms.gym_id = asked.gym_id
group by gyms.gym_name, gyms.active_member_count
order by asking_per_1000_members desc nulls last;
