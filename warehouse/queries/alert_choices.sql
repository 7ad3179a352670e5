-- Whom to call this week: members at risk with what decides about them, and the choices kept.

-- hold_choices --
-- One run chooses at a time: two would both spend the week's budget.
select pg_advisory_xact_lock(hashtext('jarvis.alert_choices'));

-- budgets --
-- Each gym's churn alerts a week, and how many of this week's are spent.
select
    gyms.id as gym_id,
    gyms.alert_budget_per_week as budget,
    count(choices.id)::integer as spent
from public.gyms
inner join app.served_gyms as served on gyms.id = served.gym_id and served.status = 'active'
left join public.alert_choices as choices
    on gyms.id = choices.gym_id
    and choices.week_starts_on = %(week_starts_on)s::date
    and choices.decision = 'alert'
group by gyms.id;

-- candidates --
-- Members whose score of their gym's newest day is fresh, high, and free to act on, with their last alert and their
-- contract. Who has none of that day has left or refuses to be profiled: an older one is no ground to call.
select
    scores.gym_id,
    scores.member_id,
    scores.as_of_date,
    scores.score::double precision as score,
    scores.level,
    scores.is_calibrated,
    scores.factors,
    scores.counterfactual,
    contract.monthly_price_eur::double precision as monthly_price_eur,
    open_alert.level as open_level,
    closed_alert.resolved_at as closed_at,
    closed_alert.level as closed_level,
    analytics.usual_visits_per_week::double precision as usual_visits_per_week,
    coalesce(analytics.visit_trend in ('steady', 'rising'), false) as keeps_habit,
    coalesce(analytics.counted_days_since_last_visit <= analytics.expected_gap_days, false) as is_within_gap,
    analytics.expected_gap_days::double precision as expected_gap_days,
    coalesce(week.decision = 'alert', false) as is_alerted_this_week,
    coalesce(week.decision = 'control', false) as is_control_this_week,
    coalesce(gyms.churn_control_share, franchises.churn_control_share, 0)::double precision as control_share,
    gyms.churn_control_salt::text as control_salt
from public.churn_scores as scores
inner join public.gyms on scores.gym_id = gyms.id
inner join app.served_gyms as served on scores.gym_id = served.gym_id and served.status = 'active'
inner join public.gym_members_v2 as members
    on scores.gym_id = members.gym_id and scores.member_id = members.id
left join public.franchises on gyms.franchise_id = franchises.id
left join public.member_analytics as analytics
    on scores.gym_id = analytics.gym_id and scores.member_id = analytics.member_id
left join public.alert_choices as week
    on scores.gym_id = week.gym_id
    and scores.member_id = week.member_id
    and week.week_starts_on = %(week_starts_on)s::date
left join lateral (
    select memberships.monthly_price_eur
    from public.memberships
    where memberships.gym_id = scores.gym_id and memberships.member_id = scores.member_id
    order by memberships.expires_on desc
    limit 1
) as contract on true
left join lateral (
    select coalesce(alerts.context ->> 'level', 'high') as level
    from public.manager_alerts as alerts
    where alerts.gym_id = scores.gym_id
        and alerts.member_id = scores.member_id
        and alerts.alert_type = 'churn_risk'
        and alerts.status in ('pending', 'in_progress')
) as open_alert on true
left join lateral (
    select alerts.resolved_at, alerts.context ->> 'level' as level
    from public.manager_alerts as alerts
    where alerts.gym_id = scores.gym_id
        and alerts.member_id = scores.member_id
        and alerts.alert_type = 'churn_risk'
        and alerts.status in ('resolved', 'dismissed')
    order by alerts.resolved_at desc
    limit 1
) as closed_alert on true
where scores.level in ('high', 'critical')
    and (gyms.churn_alert_threshold is null or scores.score >= gyms.churn_alert_threshold)
    and scores.held_back_reason is null
    and scores.as_of_date > %(now)s::timestamptz::date - 3
    and members.is_active
    -- Who was missed and has come since the day that was scored is back, as an alert of theirs would end: nobody calls.
    and not exists (
        select from public.member_visits as visits
        where visits.gym_id = scores.gym_id and visits.member_id = scores.member_id
            and visits.visited_at >= scores.as_of_date::timestamp at time zone gyms.timezone
            and visits.visited_at <= %(now)s::timestamptz
            and not exists (
                select from public.member_visits as earlier
                where earlier.gym_id = visits.gym_id and earlier.member_id = visits.member_id
                    and earlier.visited_at
                        > scores.as_of_date::timestamp at time zone gyms.timezone - %(missed_after)s::interval
                    and earlier.visited_at < scores.as_of_date::timestamp at time zone gyms.timezone
            )
    )
    and not exists (
        select from public.churn_scores as newer
        where newer.gym_id = scores.gym_id and newer.as_of_date > scores.as_of_date
    );

-- keep_choice --
-- One choice a member and week; what waited in the digest may become an alert, never the other way.
insert into public.alert_choices as choices (
    gym_id, member_id, week_starts_on, period, decision, as_of_date, score, level, expected_value_eur, alert_id,
    decided_at
)
values (
    %(gym_id)s::uuid, %(member_id)s::uuid, %(week_starts_on)s::date, %(period)s::text, %(decision)s::text,
    %(as_of_date)s::date, %(score)s::numeric, %(level)s::text, %(expected_value_eur)s::numeric,
    (
        select alerts.id
        from public.manager_alerts as alerts
        where alerts.gym_id = %(gym_id)s::uuid
            and alerts.dedup_key = %(dedup_key)s::text
            and alerts.status in ('pending', 'in_progress')
    ),
    %(now)s::timestamptz
)
on conflict (gym_id, member_id, week_starts_on) do update
set decision = excluded.decision,
    as_of_date = excluded.as_of_date,
    score = excluded.score,
    level = excluded.level,
    expected_value_eur = excluded.expected_value_eur,
    alert_id = coalesce(excluded.alert_id, choices.alert_id),
    decided_at = case when choices.decision = excluded.decision then choices.decided_at else excluded.decided_at end
where choices.decision = 'digest' or choices.decision = excluded.decision;

-- set_budget --
-- What is given holds for the gym from the next choice on, audited where it changed; answers what holds now.
with before as (
    select id, alert_budget_per_week, churn_control_share from public.gyms where slug = %(gym_slug)s::text for update
),

changed as (
    update public.gyms
    set alert_budget_per_week = coalesce(%(per_week)s::integer, gyms.alert_budget_per_week),
        churn_control_share = coalesce(%(control_share)s::numeric, gyms.churn_control_share)
    from before
    where gyms.id = before.id
    returning gyms.id, gyms.franchise_id, gyms.alert_budget_per_week, gyms.churn_control_share
),

noted as (
    insert into public.audit_log (gym_id, actor_role, action, subject_table, subject_id, details)
    select
        changed.id, session_user, 'alert_budget_set', 'gyms', changed.id::text,
        jsonb_build_object(
            'per_week', changed.alert_budget_per_week, 'control_share', changed.churn_control_share
        )
    from changed
    inner join before on changed.id = before.id
    where (changed.alert_budget_per_week, changed.churn_control_share)
        is distinct from (before.alert_budget_per_week, before.churn_control_share)
)

select
    changed.alert_budget_per_week,
    coalesce(changed.churn_control_share, franchises.churn_control_share, 0)::double precision
from changed
left join public.franchises on changed.franchise_id = franchises.id;
