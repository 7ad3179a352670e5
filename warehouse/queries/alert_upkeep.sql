-- What happens to alerts by themselves: their ends, their rise, and what dates and data raise.

-- open_alerts --
-- Open alerts of served gyms that may end or rise by themselves, with what has happened around them since.
select
    alerts.id as alert_id,
    alerts.gym_id,
    alerts.alert_type,
    alerts.priority,
    alerts.status = 'in_progress' as is_taken,
    alerts.escalated_at is not null as is_escalated,
    alerts.dedup_key,
    alerts.created_at,
    alerts.last_occurred_at,
    newest.level,
    newest.as_of_date as scored_on,
    after.visited_at,
    before.visited_at as visited_before,
    -- A contract that ran out within the last 30 days may still be renewed: the model's own label waits as long.
    alerts.member_id is not null and (
        not members.is_active
        or (
            exists (
                select from public.memberships
                where memberships.gym_id = alerts.gym_id and memberships.member_id = alerts.member_id
            )
            and not exists (
                select from public.memberships
                where memberships.gym_id = alerts.gym_id
                    and memberships.member_id = alerts.member_id
                    and memberships.expires_on > %(now)s::timestamptz::date - 30
                    and (memberships.cancelled_on is null or memberships.cancelled_on > %(now)s::timestamptz::date)
            )
        )
    ) as has_left,
    case when alerts.alert_type = 'equipment_issue' then (
        select count(*)
        from public.openai_realtime_sessions as sessions
        where sessions.gym_id = alerts.gym_id and sessions.ended_at > alerts.last_occurred_at
    ) else 0 end::integer as sessions_since
from public.manager_alerts as alerts
inner join app.served_gyms as served on alerts.gym_id = served.gym_id
left join public.gym_members_v2 as members on alerts.gym_id = members.gym_id and alerts.member_id = members.id
left join lateral (
    select scores.level, scores.as_of_date
    from public.churn_scores as scores
    where alerts.alert_type = 'churn_risk'
        and scores.gym_id = alerts.gym_id
        and scores.member_id = alerts.member_id
        and scores.held_back_reason is null
    order by scores.as_of_date desc
    limit 1
) as newest on true
left join lateral (
    select min(visits.visited_at) as visited_at
    from public.member_visits as visits
    where alerts.alert_type = 'churn_risk'
        and visits.gym_id = alerts.gym_id
        and visits.member_id = alerts.member_id
        and visits.visited_at > alerts.created_at
        and visits.visited_at <= %(now)s::timestamptz
) as after on true
left join lateral (
    select max(visits.visited_at) as visited_at
    from public.member_visits as visits
    where alerts.alert_type = 'churn_risk'
        and visits.gym_id = alerts.gym_id
        and visits.member_id = alerts.member_id
        and visits.visited_at <= alerts.created_at
) as before on true
where alerts.status in ('pending', 'in_progress')
    and alerts.alert_type in (
        'churn_risk', 'negative_feedback', 'equipment_issue', 'kiosk_offline', 'milestone'
    )
order by alerts.gym_id, alerts.dedup_key;

-- escalate --
-- The alert's priority goes up, and the audit trail says so: nobody did it.
with raised as (
    update public.manager_alerts as alerts
    set priority = %(priority)s::text, escalated_at = %(now)s::timestamptz
    where alerts.id = %(alert_id)s::uuid and alerts.status = 'pending' and alerts.escalated_at is null
    returning alerts.id, alerts.gym_id
)

insert into public.audit_log (gym_id, actor_role, action, subject_table, subject_id, details)
select
    raised.gym_id, session_user, 'alert_escalated', 'manager_alerts', raised.id::text,
    jsonb_build_object('from', %(old_priority)s::text, 'to', %(priority)s::text)
from raised;

-- arrivals --
-- Members of served gyms who came within the last days, with what they may have reached by it; their goals of visits only.
select
    members.gym_id,
    members.id as member_id,
    visits.last_visit_at,
    visits.total_visits,
    visits.visits_before_fresh,
    members.member_since,
    goals.id as goal_id,
    goals.kind as goal_kind,
    goals.target_count as goal_target,
    goals.started_at as goal_started_at,
    coalesce(gyms.milestone_visits, franchises.milestone_visits) as milestone_visits
from public.gym_members_v2 as members
inner join app.served_gyms as served on members.gym_id = served.gym_id
inner join public.gyms on members.gym_id = gyms.id
left join public.franchises on gyms.franchise_id = franchises.id
inner join lateral (
    select
        max(member_visits.visited_at) as last_visit_at,
        count(*)::integer as total_visits,
        (
            count(*) filter (
                where member_visits.visited_at <= %(now)s::timestamptz - %(fresh_for)s::interval
            )
        )::integer as visits_before_fresh
    from public.member_visits
    where member_visits.gym_id = members.gym_id
        and member_visits.member_id = members.id
        and member_visits.visited_at <= %(now)s::timestamptz
) as visits on true
left join public.member_goals as goals
    on members.gym_id = goals.gym_id
    and members.id = goals.member_id
    and goals.status = 'active'
    and goals.kind in ('weekly_visits', 'total_visits')
where members.is_active and visits.last_visit_at > %(now)s::timestamptz - %(fresh_for)s::interval;

-- told_milestones --
-- The milestones that have an alert, open or ended: each is told once.
select alerts.gym_id, alerts.dedup_key
from public.manager_alerts as alerts
where alerts.alert_type = 'milestone';

-- gym_data --
-- Whether each gym's check-ins and scores can be trusted.
select
    gyms.id as gym_id,
    latest.last_visit_at,
    coalesce((
        select count(*) / 28.0
        from public.member_visits as visits
        where visits.gym_id = gyms.id
            and visits.visited_at > latest.last_visit_at - interval '28 days'
            and visits.visited_at <= latest.last_visit_at
    ), 0)::double precision as visits_a_day,
    exists (
        select from public.gym_closures as closures
        where closures.gym_id = gyms.id
            and closures.starts_on <= %(now)s::timestamptz::date
            and closures.ends_on >= %(now)s::timestamptz::date - 2
    ) as is_closed,
    coalesce((
        select array_agg(distinct scores.held_back_reason)
        from public.churn_scores as scores
        where scores.gym_id = gyms.id
            and scores.held_back_reason in ('checkins_silent', 'features_drifted')
            and scores.as_of_date = (
                select max(newest.as_of_date) from public.churn_scores as newest where newest.gym_id = gyms.id
            )
    ), '{}') as held_back,
    coalesce(gyms.checkins_silent_hours, franchises.checkins_silent_hours) as checkins_silent_hours
from public.gyms
inner join app.served_gyms as served on gyms.id = served.gym_id and served.status = 'active'
left join public.franchises on gyms.franchise_id = franchises.id
left join lateral (
    select max(visits.visited_at) as last_visit_at
    from public.member_visits as visits
    where visits.gym_id = gyms.id and visits.visited_at <= %(now)s::timestamptz
) as latest on true;

-- open_data_alerts --
-- The open alerts about data.
select gym_id, dedup_key
from public.manager_alerts
where alert_type = 'data_quality' and status in ('pending', 'in_progress');
