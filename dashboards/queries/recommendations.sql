-- reports --
-- Reports in view, the latest period first.
select
    reports.id,
    reports.report_type,
    reports.period_start,
    reports.period_end,
    reports.title,
    reports.summary,
    reports.status,
    coalesce(gyms.name, franchises.name) as subject_name,
    jsonb_array_length(coalesce(reports.insights, '[]'::jsonb)) as insight_count
from public.insights_reports as reports
left join public.gyms on gyms.id = reports.gym_id
left join public.franchises on franchises.id = reports.franchise_id
where (%(gym_id)s::uuid is null or reports.gym_id = %(gym_id)s::uuid)
    and (%(kinds)s::text[] = '{}' or reports.report_type = any (%(kinds)s::text[]))
    and (%(statuses)s::text[] = '{}' or reports.status = any (%(statuses)s::text[]))
order by reports.period_end desc, reports.period_start desc, subject_name, reports.id
limit %(most)s::integer;

-- move_report --
-- Publishes or archives a report from where it was seen; false where it has moved, or the person sees none.
select app.move_report(%(report_id)s::uuid, %(seen_status)s::text, %(to_status)s::text) as is_moved;

-- deliveries --
-- Who has got a report, and what became of it.
select
    recipients.full_name,
    deliveries.channel,
    deliveries.status,
    deliveries.attempted_at
from public.report_deliveries as deliveries
left join public.users as recipients on recipients.id = deliveries.recipient_user_id
where deliveries.report_id = %(report_id)s::uuid
order by deliveries.attempted_at desc, deliveries.id;

-- action_items --
-- What conversations left to do: what is late first, then by its date, then the latest.
select
    items.id,
    items.session_id,
    items.text,
    items.owner,
    items.state,
    items.assigned_to,
    assignees.full_name as assignee_name,
    closers.full_name as closer_name,
    items.due_date,
    items.due_date < (now() at time zone gyms.timezone)::date as is_late,
    sessions.started_at as said_at,
    items.closed_at,
    gyms.name as gym_name,
    gyms.timezone
from public.action_items as items
inner join public.gyms on gyms.id = items.gym_id
inner join public.openai_realtime_sessions as sessions
    on sessions.gym_id = items.gym_id and sessions.id = items.session_id
left join public.users as assignees on assignees.id = items.assigned_to
left join public.users as closers on closers.id = items.closed_by
where (%(gym_id)s::uuid is null or items.gym_id = %(gym_id)s::uuid)
    and (%(session_id)s::uuid is null or items.session_id = %(session_id)s::uuid)
    and (%(is_open)s::boolean is null or (items.state = 'open') = %(is_open)s::boolean)
    and (%(owners)s::text[] = '{}' or items.owner = any (%(owners)s::text[]))
    and (%(assigned_to)s::uuid is null or items.assigned_to = %(assigned_to)s::uuid)
order by items.due_date nulls last, coalesce(items.closed_at, sessions.started_at) desc, items.id
limit %(most)s::integer;

-- open_counts --
-- How much is left to do, how much of it is late, and how many analyses claim something unfounded.
select
    (
        select count(*)
        from public.action_items as items
        where items.state = 'open' and (%(gym_id)s::uuid is null or items.gym_id = %(gym_id)s::uuid)
    ) as open_count,
    (
        select count(*)
        from public.action_items as items
        inner join public.gyms on gyms.id = items.gym_id
        where items.state = 'open'
            and items.due_date < (now() at time zone gyms.timezone)::date
            and (%(gym_id)s::uuid is null or items.gym_id = %(gym_id)s::uuid)
    ) as late_count,
    (
        select count(*)
        from public.conversation_summaries as summaries
        where summaries.unfounded_claim_count > 0
            and (%(gym_id)s::uuid is null or summaries.gym_id = %(gym_id)s::uuid)
    ) as unfounded_count;
