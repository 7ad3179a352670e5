-- listing --
-- Members by their risk of leaving, the highest first and those held back last, with their heaviest reason, their habit,
-- and how many there are.
select
    members.id,
    members.first_name,
    members.last_name,
    gyms.name as gym_name,
    members.is_active,
    coalesce(analytics.is_new, false) as is_new,
    analytics.churn_risk_level,
    analytics.churn_risk_score::double precision as churn_risk_score,
    analytics.churn_held_back_reason as held_back_reason,
    analytics.churn_factors -> 0 ->> 'text' as reason,
    members.last_visit as last_visit_at,
    analytics.visit_frequency_per_week::double precision as visits_per_week,
    analytics.usual_visits_per_week::double precision as usual_visits_per_week,
    analytics.visit_trend,
    analytics.total_conversations as conversation_count,
    analytics.mute_reason,
    analytics.updated_at as scored_at,
    gyms.timezone,
    count(*) over () as chosen_count
from public.gym_members_v2 as members
inner join public.gyms on gyms.id = members.gym_id
left join public.member_analytics as analytics
    on analytics.gym_id = members.gym_id and analytics.member_id = members.id
where (%(gym_id)s::uuid is null or members.gym_id = %(gym_id)s::uuid)
    and (%(levels)s::text[] = '{}' or analytics.churn_risk_level = any (%(levels)s::text[]))
    -- A filter by level gives the rows that the figures count.
    and (%(levels)s::text[] = '{}' or analytics.churn_held_back_reason is null)
    and (%(trends)s::text[] = '{}' or analytics.visit_trend = any (%(trends)s::text[]))
    and (not %(is_new)s::boolean or analytics.is_new)
    and (%(shows_former)s::boolean or members.is_active)
    and (
        %(name)s::text is null
        or public.unaccent(lower(concat_ws(' ', members.first_name, members.last_name)))
            like '%%' || public.unaccent(lower(%(name)s::text)) || '%%'
    )
order by
    analytics.churn_held_back_reason is not null, analytics.churn_risk_score desc nulls last,
    members.last_name, members.first_name, members.id
limit %(most)s::integer;

-- member --
-- One member with what the desk needs to reach them, their habit and their newest score.
select
    members.id,
    members.first_name,
    members.last_name,
    members.email,
    members.phone,
    members.is_active,
    members.member_since,
    members.last_visit as last_visit_at,
    gyms.name as gym_name,
    gyms.timezone,
    memberships.plan,
    memberships.status as membership_status,
    memberships.expires_on,
    memberships.monthly_price_eur,
    coalesce(analytics.is_new, false) as is_new,
    analytics.engagement_score::double precision as engagement_score,
    analytics.visit_frequency_per_week::double precision as visits_per_week,
    analytics.usual_visits_per_week::double precision as usual_visits_per_week,
    analytics.visit_trend,
    analytics.sentiment_trend,
    analytics.total_conversations as conversation_count,
    analytics.mute_reason,
    analytics.muted_until,
    analytics.churn_risk_level,
    analytics.churn_risk_score::double precision as churn_risk_score,
    analytics.updated_at as scored_at,
    scores.factors,
    scores.counterfactual,
    scores.as_of_date,
    scores.held_back_reason,
    scores.pooled as is_pooled
from public.gym_members_v2 as members
inner join public.gyms on gyms.id = members.gym_id
left join lateral (
    select latest.plan, latest.status, latest.expires_on, latest.monthly_price_eur
    from public.memberships as latest
    where latest.gym_id = members.gym_id and latest.member_id = members.id
    order by latest.expires_on desc, latest.id
    limit 1
) as memberships on true
left join public.member_analytics as analytics
    on analytics.gym_id = members.gym_id and analytics.member_id = members.id
left join lateral (
    select newest.factors, newest.counterfactual, newest.as_of_date, newest.held_back_reason, newest.pooled
    from public.churn_scores as newest
    where newest.gym_id = members.gym_id and newest.member_id = members.id
    order by newest.as_of_date desc
    limit 1
) as scores on true
where members.id = %(member_id)s::uuid;

-- weeks --
-- The member's visits in each of the last 26 weeks, oldest first; a week without one is a row of zero.
select
    weeks.monday::date as week,
    count(visits.id)::integer as visit_count
from public.gym_members_v2 as members
inner join public.gyms on gyms.id = members.gym_id
cross join lateral generate_series(
    date_trunc('week', now() at time zone gyms.timezone) - interval '25 weeks',
    date_trunc('week', now() at time zone gyms.timezone),
    interval '1 week'
) as weeks (monday)
left join public.member_visits as visits
    on visits.gym_id = members.gym_id
        and visits.member_id = members.id
        and visits.visited_at >= weeks.monday at time zone gyms.timezone
        and visits.visited_at < (weeks.monday + interval '1 week') at time zone gyms.timezone
where members.id = %(member_id)s::uuid
group by weeks.monday
order by weeks.monday;

-- visits --
-- Every visit of the member on the clock of their gym, the latest first.
select
    visits.visited_at at time zone gyms.timezone as visited_at,
    visits.source,
    gyms.name as gym_name
from public.member_visits as visits
inner join public.gyms on gyms.id = visits.gym_id
where visits.member_id = %(member_id)s::uuid
order by visits.visited_at desc, visits.id;

-- timeline --
-- What happened with the member, the latest first: visits, conversations, alerts.
select events.kind, events.id, events.happened_at, events.label, events.words, events.state
from (
    (
        select 'visit' as kind, visits.id, visits.visited_at as happened_at, visits.source as label,
            null::text as words, null::text as state
        from public.member_visits as visits
        where visits.member_id = %(member_id)s::uuid
        order by visits.visited_at desc
        limit 20
    )
    union all
    (
        select 'session', sessions.id, sessions.started_at, summaries.sentiment_label,
            summaries.summary_text, summaries.outcome
        from public.openai_realtime_sessions as sessions
        left join public.conversation_summaries as summaries
            on summaries.gym_id = sessions.gym_id and summaries.session_id = sessions.id
        where sessions.member_id = %(member_id)s::uuid
        order by sessions.started_at desc
        limit 20
    )
    union all
    (
        select 'alert', alerts.id, alerts.created_at, alerts.alert_type, alerts.title, alerts.status
        from public.manager_alerts as alerts
        where alerts.member_id = %(member_id)s::uuid
        order by alerts.created_at desc
        limit 20
    )
) as events
order by events.happened_at desc, events.id;
