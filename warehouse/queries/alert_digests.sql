-- The week's alerts of each gym, and who was told of them.

-- make_digests --
-- One digest a gym for the week that begins on a Monday; one that is made stays.
insert into public.alert_digests (gym_id, week_starts_on, content, made_at)
select
    gyms.id,
    %(week_starts_on)s::date,
    jsonb_build_object(
        'left_over', coalesce((
            select jsonb_agg(
                jsonb_build_object('member_id', choices.member_id, 'expected_value_eur', choices.expected_value_eur,
                    'reasons', coalesce((
                        select jsonb_agg(factor.value ->> 'text')
                        from public.churn_scores as scores
                        cross join lateral jsonb_array_elements(scores.factors) as factor (value)
                        where scores.gym_id = choices.gym_id
                            and scores.member_id = choices.member_id
                            and scores.as_of_date = choices.as_of_date
                    ), '[]'::jsonb))
                order by choices.expected_value_eur desc, choices.member_id
            )
            from public.alert_choices as choices
            where choices.gym_id = gyms.id
                and choices.week_starts_on = %(week_starts_on)s::date
                and choices.decision = 'digest'
        ), '[]'::jsonb),
        'escalated', coalesce((
            select jsonb_agg(alerts.title order by alerts.escalated_at)
            from public.manager_alerts as alerts
            where alerts.gym_id = gyms.id
                and alerts.escalated_at >= week.starts_at
                and alerts.escalated_at < week.ends_at
                and alerts.status in ('pending', 'in_progress')
        ), '[]'::jsonb),
        'drafts', coalesce((
            select jsonb_agg(reports.title order by reports.period_end, reports.period_start)
            from public.insights_reports as reports
            where reports.gym_id = gyms.id and reports.status = 'draft'
        ), '[]'::jsonb),
        'waiting', coalesce((
            select jsonb_object_agg(open_types.alert_type, open_types.alert_count)
            from (
                select alerts.alert_type, count(*) as alert_count
                from public.manager_alerts as alerts
                where alerts.gym_id = gyms.id and alerts.status in ('pending', 'in_progress')
                group by alerts.alert_type
            ) as open_types
        ), '{}'::jsonb),
        'raised_count', (
            select count(*) from public.manager_alerts as alerts
            where alerts.gym_id = gyms.id and alerts.created_at >= week.starts_at and alerts.created_at < week.ends_at
        ),
        'closed_count', (
            select count(*) from public.manager_alerts as alerts
            where alerts.gym_id = gyms.id and alerts.resolved_at >= week.starts_at and alerts.resolved_at < week.ends_at
        )
    ),
    %(now)s::timestamptz
from public.gyms
inner join app.served_gyms as served on gyms.id = served.gym_id and served.status = 'active'
cross join lateral (
    select
        %(week_starts_on)s::date::timestamp at time zone gyms.timezone as starts_at,
        (%(week_starts_on)s::date + 7)::timestamp at time zone gyms.timezone as ends_at
) as week
on conflict on constraint digest_is_made_once_a_week do nothing;

-- due_deliveries --
-- Whoever answers for a served gym with its digest, unless they have it or it was refused for good.
select
    digests.id as digest_id,
    digests.gym_id,
    digests.week_starts_on,
    digests.content,
    gyms.name as gym_name,
    gyms.timezone,
    users.id as user_id,
    users.email,
    users.full_name,
    coalesce('alert_digest' = any (preferences.unsubscribed_kinds), false) as is_unsubscribed,
    coalesce(preferences.quiet_from, time '20:00') as quiet_from,
    coalesce(preferences.quiet_until, time '07:00') as quiet_until,
    coalesce(deliveries.attempt_count, 0) as attempt_count
from public.alert_digests as digests
inner join public.gyms on digests.gym_id = gyms.id
inner join app.served_gyms as served on digests.gym_id = served.gym_id
inner join app.people_in_charge as in_charge on digests.gym_id = in_charge.gym_id
inner join public.users on in_charge.user_id = users.id
left join public.mail_preferences as preferences on users.id = preferences.user_id
left join public.alert_digest_deliveries as deliveries
    on digests.gym_id = deliveries.gym_id
    and digests.id = deliveries.digest_id
    and users.id = deliveries.recipient_user_id
where digests.week_starts_on = %(week_starts_on)s::date
    and (
        deliveries.id is null
        or (deliveries.status = 'suppressed')
        or (deliveries.status = 'failed' and deliveries.attempt_count < %(most_attempts)s::integer)
    )
order by digests.gym_id, users.id;

-- names_of --
-- The names of some members of a gym.
select members.id, members.first_name, members.last_name
from public.gym_members_v2 as members
where members.gym_id = %(gym_id)s::uuid and members.id = any (%(member_ids)s::uuid[]);

-- note_delivery --
-- What came of one try.
insert into public.alert_digest_deliveries as deliveries (
    gym_id, digest_id, recipient_user_id, status, attempt_count, reason, attempted_at
)
values (
    %(gym_id)s::uuid, %(digest_id)s::uuid, %(user_id)s::uuid, %(status)s::text, %(attempt_count)s::integer,
    %(reason)s::text, %(now)s::timestamptz
)
on conflict on constraint digest_goes_once_to_a_person do update
set status = excluded.status,
    attempt_count = excluded.attempt_count,
    reason = excluded.reason,
    attempted_at = excluded.attempted_at;
