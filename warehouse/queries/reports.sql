-- Reports: what is kept of each, and who has got it. Their figures are read from the marts (`stores/reports.py`).

-- subjects --
-- Every gym that is served, open or in maintenance, and every franchise with such a gym.
select
    gyms.id as gym_id,
    null::uuid as franchise_id,
    gyms.name,
    gyms.timezone,
    array[gyms.id] as gym_ids,
    gyms.reads_reports_first
from public.gyms
inner join app.served_gyms as served on gyms.id = served.gym_id
union all
select
    null::uuid as gym_id,
    franchises.id as franchise_id,
    franchises.name,
    min(gyms.timezone) as timezone,
    array_agg(gyms.id order by gyms.name) as gym_ids,
    franchises.reads_reports_first
from public.franchises
inner join public.gyms on franchises.id = gyms.franchise_id
inner join app.served_gyms as served on gyms.id = served.gym_id
group by franchises.id, franchises.name
order by name, gym_id;

-- reported --
-- Gyms and franchises that have had a report of this kind.
select distinct reports.gym_id, reports.franchise_id
from public.insights_reports as reports
where reports.report_type = %(report_type)s::text;

-- members_at_risk --
-- Active members of each gym, and those among them at high or critical risk that may be acted on, as whoever reads the report finds them.
select
    gyms.id as gym_id,
    gyms.name as gym_name,
    count(members.id)::integer as active_member_count,
    (count(members.id) filter (where analytics.is_at_risk))::integer as at_risk_member_count
from public.gyms
left join public.gym_members_v2 as members on gyms.id = members.gym_id and members.is_active
left join public.member_analytics as analytics
    on members.gym_id = analytics.gym_id and members.id = analytics.member_id
where gyms.id = any (%(gym_ids)s::uuid[])
group by gyms.id, gyms.name
order by gyms.name, gyms.id;

-- late_alerts --
-- Open alerts of these gyms, and those among them that should have been taken a day ago.
select
    count(*)::integer as open_count,
    coalesce(
        array_agg(alerts.id order by alerts.created_at) filter (
            where alerts.status = 'pending' and alerts.priority in ('urgent', 'high')
                and alerts.created_at < %(now)s::timestamptz - interval '1 day'
        ),
        '{}'
    ) as late_ids
from public.manager_alerts as alerts
where alerts.gym_id = any (%(gym_ids)s::uuid[]) and alerts.status in ('pending', 'in_progress');

-- save_draft --
-- The report of this subject and period, as a draft; one that is published already stays as people read it.
insert into public.insights_reports as reports (
    gym_id, franchise_id, report_type, period_start, period_end, title, summary, insights, metrics, recommendations,
    trends
)
values (
    %(gym_id)s::uuid, %(franchise_id)s::uuid, %(report_type)s::text, %(period_start)s::timestamptz,
    %(period_end)s::timestamptz, %(title)s::text, %(summary)s::text, %(insights)s::jsonb, %(metrics)s::jsonb,
    %(recommendations)s::jsonb, %(trends)s::jsonb
)
on conflict on constraint report_is_made_once_per_period do update
set title = excluded.title,
    summary = excluded.summary,
    insights = excluded.insights,
    metrics = excluded.metrics,
    recommendations = excluded.recommendations,
    trends = excluded.trends,
    period_end = excluded.period_end,
    generated_at = now()
where reports.status = 'draft'
returning reports.id;

-- publish --
-- A draft becomes what people read.
update public.insights_reports
set status = 'published', published_at = now()
where id = %(report_id)s::uuid and status = 'draft'
returning id;

-- queue_deliveries --
-- The report waits for everybody it concerns: who answers for the gym, a franchise's owners.
insert into public.report_deliveries (gym_id, report_id, recipient_user_id, channel, status, due_at, attempted_at)
select reports.gym_id, reports.id, told.user_id, 'email', 'waiting', %(now)s::timestamptz, %(now)s::timestamptz
from public.insights_reports as reports
inner join lateral (
    select in_charge.user_id
    from app.people_in_charge as in_charge
    where in_charge.gym_id = reports.gym_id
    union
    select owners.id as user_id
    from public.users as owners
    where owners.role = 'franchise_owner' and owners.franchise_id = reports.franchise_id and owners.is_active
) as told on true
where reports.id = %(report_id)s::uuid and reports.status = 'published'
on conflict on constraint report_is_delivered_once do nothing;

-- claim_due --
-- Some deliveries whose time has come, locked, and whether their gym, or a gym of their franchise, is served still.
select
    deliveries.id,
    deliveries.report_id,
    deliveries.recipient_user_id,
    deliveries.attempts,
    users.email,
    users.is_active,
    coalesce(gyms.timezone, franchise_gyms.timezone, 'Europe/Paris') as timezone,
    reports.report_type,
    exists (
        select from app.served_gyms as served
        inner join public.gyms as theirs on served.gym_id = theirs.id
        where theirs.id = reports.gym_id or theirs.franchise_id = reports.franchise_id
    ) as is_served,
    coalesce(reports.report_type || '_report' = any (preferences.unsubscribed_kinds), false) as is_unsubscribed,
    coalesce(preferences.quiet_from, time '20:00') as quiet_from,
    coalesce(preferences.quiet_until, time '07:00') as quiet_until
from public.report_deliveries as deliveries
inner join public.insights_reports as reports on deliveries.report_id = reports.id
inner join public.users on deliveries.recipient_user_id = users.id
left join public.gyms on users.gym_id = gyms.id
left join lateral (
    select min(theirs.timezone) as timezone
    from public.gyms as theirs
    where theirs.franchise_id = users.franchise_id
) as franchise_gyms on true
left join public.mail_preferences as preferences on users.id = preferences.user_id
where deliveries.status = 'waiting' and deliveries.channel = 'email' and deliveries.due_at <= %(now)s::timestamptz
order by deliveries.due_at, deliveries.id
limit %(batch_size)s::integer
for update of deliveries skip locked;

-- settle_delivery --
-- What became of one try.
update public.report_deliveries
set status = %(status)s::text,
    reason = %(reason)s::text,
    attempts = attempts + %(tried)s::integer,
    due_at = coalesce(%(due_at)s::timestamptz, due_at),
    message_id = coalesce(%(message_id)s::text, message_id),
    attempted_at = %(now)s::timestamptz
where id = %(delivery_id)s::uuid;
