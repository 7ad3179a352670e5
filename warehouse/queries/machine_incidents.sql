-- Incidents of machines and places that a person merges or splits, under their own rights; the operator sees every gym.

-- open --
-- The open incidents of a gym, the newest report first, with the names they were given and by which session.
select
    alerts.id as alert_id,
    alerts.title,
    alerts.occurrence_count,
    alerts.last_occurred_at,
    coalesce(alerts.context -> 'session_ids', '[]'::jsonb) as session_ids,
    coalesce(alerts.context -> 'mentions', '[]'::jsonb) as mentions
from public.manager_alerts as alerts
inner join public.gyms on alerts.gym_id = gyms.id
where gyms.slug = %(slug)s::text
    and alerts.alert_type = 'equipment_issue'
    and alerts.status in ('pending', 'in_progress')
order by alerts.last_occurred_at desc, alerts.id;

-- names --
-- What one incident was called, the first name first; no row where the person sees no such alert.
select coalesce(alerts.context -> 'mentions', '[]'::jsonb) as mentions
from public.manager_alerts as alerts
where alerts.id = %(alert_id)s::uuid;

-- merge --
-- The second incident goes into the first; null where the person manages no such incident.
select app.merge_incidents(%(kept)s::uuid, %(folded)s::uuid) as alert_id;

-- split --
-- What these sessions reported is an incident of its own; null where the person manages no such incident.
select app.split_incident(%(alert_id)s::uuid, %(session_ids)s::uuid[], %(told)s::jsonb) as alert_id;
