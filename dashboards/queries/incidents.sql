-- Open incidents of machines and places, as whoever may put two together or take one apart sees them.

-- list --
-- Every open incident in view with the names it was given, by gym; an id that is given finds that one alone.
select
    alerts.id,
    alerts.gym_id,
    gyms.name as gym_name,
    gyms.timezone,
    alerts.title,
    alerts.priority,
    alerts.status,
    alerts.occurrence_count,
    alerts.created_at,
    alerts.last_occurred_at,
    alerts.context -> 'thing' ->> 'kind' as thing_kind,
    alerts.context -> 'thing' ->> 'trade' as thing_trade,
    coalesce((
        select array_agg(distinct listed.mention ->> 'name' order by listed.mention ->> 'name')
        from jsonb_array_elements(alerts.context -> 'mentions') as listed (mention)
    ), '{}') as names,
    coalesce(jsonb_array_length(alerts.context -> 'session_ids'), 0) as report_count
from public.manager_alerts as alerts
inner join public.gyms on alerts.gym_id = gyms.id
where alerts.alert_type = 'equipment_issue'
    and alerts.status in ('pending', 'in_progress')
    and (%(id)s::uuid is null or alerts.id = %(id)s::uuid)
    and (%(gym_id)s::uuid is null or alerts.gym_id = %(gym_id)s::uuid)
order by gyms.name, alerts.gym_id, alerts.last_occurred_at desc, alerts.id
limit %(most)s::integer;

-- reports --
-- The conversations that one open incident rests on, the latest first: what each called it, and in which words.
select
    sessions.id as session_id,
    sessions.started_at,
    kiosks.name as kiosk_name,
    coalesce((
        select array_agg(distinct listed.mention ->> 'name' order by listed.mention ->> 'name')
        from jsonb_array_elements(alerts.context -> 'mentions') as listed (mention)
        where listed.mention ->> 'session_id' = sessions.id::text
    ), '{}') as names,
    coalesce((
        select array_agg(listed.turn ->> 'text' order by listed.turn ->> 'said_at')
        from jsonb_array_elements(alerts.context -> 'turns') as listed (turn)
        inner join public.session_turns as turns
            on turns.id::text = listed.turn ->> 'turn_id' and turns.session_id = sessions.id
    ), '{}') as words
from public.manager_alerts as alerts
inner join public.openai_realtime_sessions as sessions
    on sessions.gym_id = alerts.gym_id and alerts.context -> 'session_ids' ? sessions.id::text
inner join public.kiosks on sessions.gym_id = kiosks.gym_id and sessions.kiosk_id = kiosks.id
where alerts.id = %(id)s::uuid
    and alerts.alert_type = 'equipment_issue'
    and alerts.status in ('pending', 'in_progress')
order by sessions.started_at desc, sessions.id
limit 100;
