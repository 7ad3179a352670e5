-- What stands in the audit trail, as the person may read it: of their gyms, and of the network for whoever runs it.

-- entries --
-- Who did what to what, the latest first.
select
    trail.id, trail.occurred_at, trail.action, trail.subject_table, trail.subject_id, trail.details, trail.actor_role,
    trail.actor_user_id, coalesce(actors.full_name, actors.email) as actor_name, gyms.name as gym_name,
    coalesce(
        people.full_name, people.email, kiosks.name,
        case when trail.subject_table = 'gyms' then gyms.name end, franchises.name
    ) as subject_name
from public.audit_log as trail
left join public.gyms on gyms.id = trail.gym_id
left join public.users as actors on actors.id = trail.actor_user_id
left join public.users as people on trail.subject_table = 'users' and people.id::text = trail.subject_id
left join public.kiosks on trail.subject_table = 'kiosks' and kiosks.id::text = trail.subject_id
left join public.franchises on trail.subject_table = 'franchises' and franchises.id::text = trail.subject_id
where (%(gym_id)s::uuid is null or trail.gym_id = %(gym_id)s::uuid)
    and (%(since)s::timestamptz is null or trail.occurred_at >= %(since)s::timestamptz)
    and (%(actions)s::text[] = '{}' or trail.action = any (%(actions)s::text[]))
    and (%(subjects)s::text[] = '{}' or trail.subject_table = any (%(subjects)s::text[]))
    and (%(subject_id)s::text is null or trail.subject_id = %(subject_id)s::text)
    and (
        %(actor)s::text is null
        or concat_ws(' ', actors.full_name, actors.email, trail.actor_role) ilike '%%' || %(actor)s::text || '%%'
    )
order by trail.occurred_at desc, trail.id desc
limit %(most)s::integer;
