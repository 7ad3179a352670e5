-- What is to be done after conversations, as people read it and end it; the database keeps to the legal steps.

-- action_items --
-- Action items, the latest first: by when they were asked for, which never changes while somebody turns pages.
select
    items.id,
    items.gym_id,
    gyms.name as gym_name,
    items.session_id,
    sessions.member_id,
    members.first_name as member_first_name,
    members.last_name as member_last_name,
    items.position,
    items.text,
    items.owner,
    items.source_turn_ids,
    items.state,
    items.assigned_to,
    items.due_date,
    items.created_at,
    items.closed_at,
    items.closed_by
from public.action_items as items
inner join public.gyms on gyms.id = items.gym_id
inner join public.openai_realtime_sessions as sessions
    on sessions.gym_id = items.gym_id and sessions.id = items.session_id
left join public.gym_members_v2 as members
    on members.gym_id = items.gym_id and members.id = sessions.member_id
where (%(gym_id)s::uuid is null or items.gym_id = %(gym_id)s::uuid)
    and (%(id)s::uuid is null or items.id = %(id)s::uuid)
    and (%(session_id)s::uuid is null or items.session_id = %(session_id)s::uuid)
    and (%(member_id)s::uuid is null or sessions.member_id = %(member_id)s::uuid)
    and (%(state)s::text is null or items.state = %(state)s::text)
    and (%(owner)s::text is null or items.owner = %(owner)s::text)
    and (%(assigned_to)s::uuid is null or items.assigned_to = %(assigned_to)s::uuid)
    and (
        %(after_at)s::timestamptz is null
        or (items.created_at, items.id) < (%(after_at)s::timestamptz, %(after_id)s::uuid)
    )
order by items.created_at desc, items.id desc
limit %(asked)s::integer;

-- move_action_item --
-- Takes an action item on from where it was seen; no row where it has moved since, or was written anew.
update public.action_items as items
set
    state = coalesce(%(state)s::text, items.state),
    assigned_to = case when %(has_assignee)s::boolean then %(assigned_to)s::uuid else items.assigned_to end,
    due_date = case when %(has_due_date)s::boolean then %(due_date)s::date else items.due_date end
where items.id = %(id)s::uuid and items.state = %(seen_state)s::text
returning items.id;
