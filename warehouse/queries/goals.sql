-- What the assistant's tools read and write of the one member who badged: profile, goals, progress.

-- refuses_personalisation --
-- Whether the session's member wants nothing of what is kept of them used for the answers; no row where nobody is known.
select coalesce(
    (
        select not consents.is_granted
        from public.consents
        where consents.gym_id = members.gym_id and consents.member_id = members.id and consents.purpose = 'personalisation'
        order by consents.recorded_at desc
        limit 1
    ),
    false
) as is_refused
from public.gym_members_v2 as members
where members.id = app.session_member_id(%(session_id)s::uuid);

-- member_profile --
-- Reads what the session's member may hear of themselves; no weight and no height, which others could overhear.
select
    members.first_name,
    members.member_since,
    memberships.plan,
    memberships.expires_on,
    profiles.fitness_level,
    profiles.primary_goals,
    profiles.workout_frequency_per_week,
    visits.this_month,
    visits.total
from public.gym_members_v2 as members
left join public.member_fitness_profile as profiles
    on members.gym_id = profiles.gym_id and members.id = profiles.member_id
left join lateral (
    select owned.plan, owned.expires_on
    from public.memberships as owned
    where owned.gym_id = members.gym_id and owned.member_id = members.id and owned.status in ('active', 'frozen')
    order by owned.expires_on desc
    limit 1
) as memberships on true
cross join lateral (
    select
        count(*)::integer as total,
        count(*) filter (
            where member_visits.visited_at >= date_trunc('month', now() at time zone gyms.timezone) at time zone gyms.timezone
        )::integer as this_month
    from public.member_visits
    inner join public.gyms on member_visits.gym_id = gyms.id
    where member_visits.gym_id = members.gym_id and member_visits.member_id = members.id
) as visits
where members.id = app.session_member_id(%(session_id)s::uuid);

-- set_goal --
-- Sets the goal of the session's member in place of the one of its kind.
select app.set_member_goal(
    %(session_id)s::uuid, %(kind)s::text, %(target_count)s::integer, %(description)s::text, %(due_on)s::date
) as goal_id;

-- progress --
-- The session's member with each active goal, if any, and the visits that count for it.
select
    goals.kind,
    goals.target_count,
    goals.description,
    goals.due_on,
    (goals.started_at at time zone gyms.timezone)::date as started_on,
    visits.this_week,
    visits.last_four_weeks,
    visits.since_start
from public.gym_members_v2 as members
inner join public.gyms on members.gym_id = gyms.id
left join public.member_goals as goals
    on members.gym_id = goals.gym_id and members.id = goals.member_id and goals.status = 'active'
cross join lateral (
    select
        count(*) filter (
            where member_visits.visited_at >= date_trunc('week', now() at time zone gyms.timezone) at time zone gyms.timezone
        )::integer as this_week,
        count(*) filter (where member_visits.visited_at >= now() - interval '28 days')::integer as last_four_weeks,
        count(*) filter (where member_visits.visited_at >= goals.started_at)::integer as since_start
    from public.member_visits
    where member_visits.gym_id = members.gym_id and member_visits.member_id = members.id
) as visits
where members.id = app.session_member_id(%(session_id)s::uuid)
order by goals.started_at;
