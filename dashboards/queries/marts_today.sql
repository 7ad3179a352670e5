-- days --
-- The last 14 whole days of the gyms in view, summed, oldest first.
select
    daily.local_date,
    sum(daily.visit_count)::bigint as visit_count,
    sum(daily.session_count)::bigint as session_count,
    sum(daily.negative_session_count)::bigint as negative_session_count,
    min(daily.built_at) as built_at
from marts.fct_gym_daily as daily
where (%(gym_id)s::uuid is null or daily.gym_id = %(gym_id)s::uuid)
    and daily.local_date between current_date - 14 and current_date - 1
group by daily.local_date
order by daily.local_date;

-- members --
-- How many members are active now, and how many of them may leave.
select
    count(*) as active_member_count,
    count(*) filter (where members.is_at_risk) as at_risk_member_count
from marts.dim_members as members
where members.is_active
    and (%(gym_id)s::uuid is null or members.gym_id = %(gym_id)s::uuid);
