-- alert_counts --
-- How many alerts wait, are in hand, and were closed since a moment.
select
    count(*) filter (where alerts.status = 'pending') as pending_count,
    count(*) filter (where alerts.status = 'in_progress') as in_progress_count,
    count(*) filter (where alerts.status = 'pending' and alerts.priority = 'urgent') as urgent_count,
    count(*) filter (where alerts.resolved_at >= %(closed_since)s::timestamptz) as closed_count
from public.manager_alerts as alerts
where (%(gym_id)s::uuid is null or alerts.gym_id = %(gym_id)s::uuid);

-- desk_mark --
-- Differs once an open alert came, changed or went.
select
    count(*) as open_count,
    coalesce(sum(extract(epoch from alerts.updated_at)), 0) as changes
from public.manager_alerts as alerts
where alerts.status in ('pending', 'in_progress');

-- alerts --
-- One page of the chosen alerts, the last one where it lies past: open first, by priority, untaken first, latest first.
select
    alerts.id,
    alerts.alert_type,
    alerts.priority,
    alerts.status,
    alerts.title,
    alerts.description,
    alerts.recommended_actions,
    alerts.context,
    alerts.occurrence_count,
    alerts.created_at,
    alerts.last_occurred_at,
    alerts.resolved_at,
    alerts.outcome_code,
    alerts.resolution_notes,
    alerts.assigned_to,
    alerts.member_id,
    gyms.name as gym_name,
    gyms.timezone,
    members.first_name,
    members.last_name,
    members.phone as member_phone,
    members.email as member_email,
    kiosks.name as kiosk_name,
    assignees.full_name as assignee_name,
    messages.text as message_text,
    messages.used_at as message_used_at,
    placed.place,
    placed.chosen_count,
    placed.newest_at,
    placed.new_count
-- Chosen before anything is looked up beside them: of a network's thousands, a page is shown.
from (
    select
        chosen.id,
        row_number() over (
            order by
                chosen.status in ('resolved', 'dismissed'),
                case
                    when chosen.status in ('resolved', 'dismissed') then 0
                    else array_position(array['urgent', 'high', 'medium', 'low'], chosen.priority)
                end,
                chosen.status = 'in_progress',
                coalesce(chosen.resolved_at, chosen.last_occurred_at) desc,
                chosen.id
        ) as place,
        count(*) over () as chosen_count,
        max(chosen.created_at) over () as newest_at,
        count(*) filter (
            where chosen.status = 'pending'
                and chosen.created_at > coalesce(%(seen_until)s::timestamptz, '-infinity')
        ) over () as new_count
    from public.manager_alerts as chosen
    where chosen.status = any (%(statuses)s::text[])
        and (%(alert_types)s::text[] = '{}' or chosen.alert_type = any (%(alert_types)s::text[]))
        and (%(priorities)s::text[] = '{}' or chosen.priority = any (%(priorities)s::text[]))
        -- A closed one is as recent as its closing: what the desk counts as closed in seven days is this list.
        and (
            %(within)s::interval is null
            or coalesce(chosen.resolved_at, chosen.last_occurred_at) >= now() - %(within)s::interval
        )
        and (%(gym_id)s::uuid is null or chosen.gym_id = %(gym_id)s::uuid)
        -- The day of its gym, on which the marts count it as raised.
        and (
            (%(first)s::date is null and %(last)s::date is null)
            or (
                select (chosen.created_at at time zone raised_in.timezone)::date
                from public.gyms as raised_in
                where raised_in.id = chosen.gym_id
            ) between coalesce(%(first)s::date, '-infinity') and coalesce(%(last)s::date, 'infinity')
        )
) as placed
inner join public.manager_alerts as alerts on alerts.id = placed.id
inner join public.gyms on gyms.id = alerts.gym_id
left join public.alert_messages as messages
    on messages.gym_id = alerts.gym_id and messages.alert_id = alerts.id
left join public.gym_members_v2 as members
    on members.gym_id = alerts.gym_id and members.id = alerts.member_id
left join public.kiosks
    on kiosks.gym_id = alerts.gym_id and kiosks.id = alerts.kiosk_id
left join public.users as assignees on assignees.id = alerts.assigned_to
where (placed.place - 1) / %(page_size)s::bigint
    = least(%(page)s::bigint - 1, (placed.chosen_count - 1) / %(page_size)s::bigint)
order by placed.place;

-- alert_state --
-- Where one alert stands, to tell somebody who came second.
select
    alerts.status,
    alerts.assigned_to,
    assignees.full_name as assignee_name
from public.manager_alerts as alerts
left join public.users as assignees on assignees.id = alerts.assigned_to
where alerts.id = %(alert_id)s::uuid;

-- take_alert --
-- Puts a waiting alert in this person's hands; no row where somebody was faster.
update public.manager_alerts as alerts
set status = 'in_progress', assigned_to = %(user_id)s::uuid
where alerts.id = %(alert_id)s::uuid
    and alerts.status = 'pending'
returning alerts.id;

-- colleagues --
-- Whom an alert can be given to: active people who act on alerts, as far as this person sees them.
select
    users.id,
    coalesce(users.full_name, users.email) || case when users.id = %(user_id)s::uuid then ' (moi)' else '' end as name
from public.users
where users.is_active
    and users.role in ('gym_manager', 'franchise_owner', 'super_admin')
    and (%(gym_id)s::uuid is null or users.gym_id = %(gym_id)s::uuid or users.id = %(user_id)s::uuid)
order by users.id <> %(user_id)s::uuid, name, users.id
limit 200;

-- assign_alert --
-- Puts an open alert, as it was read, in somebody's hands; no row where it changed since.
update public.manager_alerts as alerts
set status = 'in_progress', assigned_to = %(assignee)s::uuid
where alerts.id = %(alert_id)s::uuid
    and alerts.status in ('pending', 'in_progress')
    and alerts.status = %(seen_status)s::text
    and alerts.assigned_to is not distinct from %(seen_assignee)s::uuid
returning alerts.id;

-- release_alert --
-- Puts an alert back in the waiting list; no row where it changed since it was read.
update public.manager_alerts as alerts
set status = 'pending'
where alerts.id = %(alert_id)s::uuid
    and alerts.status = 'in_progress'
    and alerts.assigned_to is not distinct from %(seen_assignee)s::uuid
returning alerts.id;

-- close_alert --
-- Resolves or dismisses an alert as it was read; no row where it changed since.
update public.manager_alerts as alerts
set
    status = %(status)s::text,
    outcome_code = %(outcome_code)s::text,
    resolution_notes = %(notes)s::text,
    assigned_to = coalesce(alerts.assigned_to, %(user_id)s::uuid)
where alerts.id = %(alert_id)s::uuid
    and alerts.status = %(seen_status)s::text
    and alerts.assigned_to is not distinct from %(seen_assignee)s::uuid
returning alerts.id;

-- use_message --
-- The person has sent these words, by whatever way; the trigger keeps who changed and who used them.
update public.alert_messages
set text = %(text)s::text, used_at = now()
where alert_id = %(alert_id)s::uuid and used_at is null
returning id;
