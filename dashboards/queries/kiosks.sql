-- mark --
-- Differs once a kiosk came, went, was heard again, fell silent, or began or ended a talk: one row, whatever there is.
with layers as materialized (
    select
        set_here.kiosk_id,
        set_here.franchise_version + set_here.gym_version + set_here.kiosk_version as versions,
        (set_here.of_franchise || set_here.of_gym || set_here.of_kiosk) -> 'heartbeat_seconds' as heartbeat_seconds
    from app.kiosk_setting_layers(null) as set_here
),

talks as materialized (
    select sessions.kiosk_id, max(sessions.started_at) as started_at
    from public.openai_realtime_sessions as sessions
    where sessions.state = 'active' and sessions.lease_until > now()
    group by sessions.kiosk_id
),

served as materialized (
    select found.kiosk_id
    from app.served_kiosks((select array_agg(kiosks.id) from public.kiosks)) as found (kiosk_id)
)

select
    count(*) as kiosk_count,
    md5(coalesce(string_agg(
        concat_ws(
            '|', kiosks.id, kiosks.name, kiosks.location_in_gym, kiosks.status, kiosks.software_version,
            talks.started_at, layers.versions, served.kiosk_id is null,
            kiosks.last_heartbeat >= now() - greatest(
                %(silent_after)s::interval,
                make_interval(secs => case
                    when jsonb_typeof(layers.heartbeat_seconds) = 'number'
                        then 2 * layers.heartbeat_seconds::double precision
                    else 0
                end)
            ),
            kiosks.last_heartbeat >= now() - %(offline_after)s::interval
        ),
        ',' order by kiosks.id
    ), '')) as digest
from public.kiosks
inner join layers on kiosks.id = layers.kiosk_id
left join talks on kiosks.id = talks.kiosk_id
left join served on kiosks.id = served.kiosk_id;

-- wall --
-- Every kiosk in view with what it last said of itself, and what happened at it today.
with layers as materialized (
    select set_here.kiosk_id, set_here.of_franchise || set_here.of_gym || set_here.of_kiosk as settings
    from app.kiosk_setting_layers(null) as set_here
),

talks as materialized (
    select sessions.kiosk_id, max(sessions.started_at) as started_at
    from public.openai_realtime_sessions as sessions
    where sessions.state = 'active' and sessions.lease_until > now()
    group by sessions.kiosk_id
),

today as materialized (
    select
        sessions.kiosk_id,
        count(*) as session_count,
        count(*) filter (
            where sessions.close_reason in ('kiosk_lost', 'provider_lost', 'gateway_lost')
        ) as cut_count
    from public.openai_realtime_sessions as sessions
    inner join public.gyms on sessions.gym_id = gyms.id
    where sessions.started_at > now() - interval '25 hours'
        and sessions.started_at >= date_trunc('day', now() at time zone gyms.timezone) at time zone gyms.timezone
    group by sessions.kiosk_id
),

alerts as materialized (
    select found.gym_id, found.dedup_key, min(found.created_at) as opened_at
    from public.manager_alerts as found
    where found.alert_type = 'kiosk_offline' and found.status in ('pending', 'in_progress')
    group by found.gym_id, found.dedup_key
),

served as materialized (
    select found.kiosk_id
    from app.served_kiosks((select array_agg(kiosks.id) from public.kiosks)) as found (kiosk_id)
)

select
    kiosks.id,
    kiosks.slug,
    kiosks.name,
    kiosks.location_in_gym,
    kiosks.status,
    kiosks.status_changed_at,
    kiosks.last_heartbeat as last_heartbeat_at,
    kiosks.software_version,
    kiosks.created_at,
    gyms.id as gym_id,
    gyms.name as gym_name,
    gyms.timezone,
    gyms.opening_hours,
    coalesce((
        select array_agg(days.day::date)
        from public.gym_closures as closures
        cross join lateral generate_series(
            greatest(closures.starts_on, current_date - 1), least(closures.ends_on, current_date + 1), interval '1 day'
        ) as days (day)
        where closures.gym_id = gyms.id
    ), '{}') as closures,
    layers.settings,
    talks.started_at as talking_since,
    coalesce(today.session_count, 0) as session_count,
    coalesce(today.cut_count, 0) as cut_count,
    reader.is_well as reader_ok,
    microphone.is_well as microphone_ok,
    exists (
        select from alerts
        where alerts.gym_id = kiosks.gym_id
            and alerts.dedup_key in ('kiosk_offline:all', 'kiosk_offline:' || kiosks.id)
    ) as has_alert,
    exists (select from served where served.kiosk_id = kiosks.id) as is_served
from public.kiosks
inner join public.gyms on kiosks.gym_id = gyms.id
inner join layers on kiosks.id = layers.kiosk_id
left join talks on kiosks.id = talks.kiosk_id
left join today on kiosks.id = today.kiosk_id
-- What it said of a part last, in the minutes before its last sign of life.
left join lateral (
    select beats.reader_ok as is_well
    from public.kiosk_heartbeats as beats
    where beats.gym_id = kiosks.gym_id and beats.kiosk_id = kiosks.id and beats.reader_ok is not null
        and beats.received_at > kiosks.last_heartbeat - interval '10 minutes'
    order by beats.received_at desc
    limit 1
) as reader on true
left join lateral (
    select beats.microphone_ok as is_well
    from public.kiosk_heartbeats as beats
    where beats.gym_id = kiosks.gym_id and beats.kiosk_id = kiosks.id and beats.microphone_ok is not null
        and beats.received_at > kiosks.last_heartbeat - interval '10 minutes'
    order by beats.received_at desc
    limit 1
) as microphone on true
where (%(gym_id)s::uuid is null or kiosks.gym_id = %(gym_id)s::uuid)
    and (%(kiosk_id)s::uuid is null or kiosks.id = %(kiosk_id)s::uuid)
order by gyms.name, kiosks.name, kiosks.id;

-- device --
-- What one kiosk runs on, as it said when it was set up.
select kiosks.device_id, kiosks.hardware_info
from public.kiosks
where kiosks.id = %(kiosk_id)s::uuid;

-- silences --
-- Where the last 30 days' signs of life leave ten minutes or more unheard, the latest first; the last one may go on.
with beats as (
    select
        heard.received_at as began_at,
        lead(heard.received_at) over (order by heard.received_at) as ended_at
    from public.kiosks
    inner join public.kiosk_heartbeats as heard
        on kiosks.gym_id = heard.gym_id and kiosks.id = heard.kiosk_id
    where kiosks.id = %(kiosk_id)s::uuid and heard.received_at > now() - interval '30 days'
)

select beats.began_at, beats.ended_at
from beats
where coalesce(beats.ended_at, now()) - beats.began_at >= %(offline_after)s::interval
order by beats.began_at desc
limit %(most)s::integer;

-- beats --
-- One kiosk's signs of life on these days of its gym, up to a moment, the latest first: all, or those that say a part of
-- it is bad.
select
    heard.received_at,
    heard.network_ms,
    heard.microphone_ok,
    heard.reader_ok,
    heard.software_version,
    count(*) over () as chosen_count
from public.kiosks
inner join public.gyms on kiosks.gym_id = gyms.id
inner join public.kiosk_heartbeats as heard
    on kiosks.gym_id = heard.gym_id and kiosks.id = heard.kiosk_id
where kiosks.id = %(kiosk_id)s::uuid
    and heard.received_at >= %(first)s::date::timestamp at time zone gyms.timezone
    and heard.received_at < (%(last)s::date + 1)::timestamp at time zone gyms.timezone
    and heard.received_at <= %(until)s::timestamptz
    and (
        %(part)s::text is null
        or (%(part)s::text = 'microphone' and not heard.microphone_ok)
        or (%(part)s::text = 'reader' and not heard.reader_ok)
    )
order by heard.received_at desc, heard.id desc
limit %(most)s::integer;

-- passages --
-- Who badged at one kiosk in the last 30 days, the latest first.
select
    visits.visited_at,
    visits.source,
    visits.member_id,
    count(*) over () as chosen_count
from public.kiosks
inner join public.member_visits as visits
    on kiosks.gym_id = visits.gym_id and kiosks.id = visits.kiosk_id
where kiosks.id = %(kiosk_id)s::uuid and visits.visited_at > now() - interval '30 days'
order by visits.visited_at desc, visits.id
limit %(most)s::integer;

-- parts --
-- From when to when the microphone or the reader was bad in the last 30 days, the latest first; the last may still be.
with told as (
    select
        parts.part,
        parts.is_well,
        heard.received_at,
        heard.id,
        lag(parts.is_well) over (partition by parts.part order by heard.received_at, heard.id) as was_well
    from public.kiosks
    inner join public.kiosk_heartbeats as heard
        on kiosks.gym_id = heard.gym_id and kiosks.id = heard.kiosk_id
    cross join lateral (
        values ('microphone', heard.microphone_ok), ('reader', heard.reader_ok)
    ) as parts (part, is_well)
    where kiosks.id = %(kiosk_id)s::uuid
        and heard.received_at > now() - interval '30 days'
        and parts.is_well is not null
),

turns as (
    select
        told.part,
        told.is_well,
        told.received_at as began_at,
        lead(told.received_at) over (partition by told.part order by told.received_at, told.id) as ended_at
    from told
    where told.is_well is distinct from told.was_well
)

select turns.part, turns.began_at, turns.ended_at
from turns
where not turns.is_well
order by turns.began_at desc
limit 10;

-- signs --
-- What the last hour's signs of life say of the network, and of badges that wait in the agent.
select
    count(*) as heartbeat_count,
    percentile_cont(0.5) within group (order by heard.network_ms) as median_network_ms,
    max(
        case when jsonb_typeof(heard.details -> 'spooled_count') = 'number'
            then (heard.details ->> 'spooled_count')::numeric end
    ) as spooled_count
from public.kiosks
inner join public.kiosk_heartbeats as heard
    on kiosks.gym_id = heard.gym_id and kiosks.id = heard.kiosk_id
where kiosks.id = %(kiosk_id)s::uuid and heard.received_at > kiosks.last_heartbeat - interval '1 hour';

-- incidents --
-- Alerts about one kiosk, or about all of its gym's, of the last 30 days and those still open, the latest first.
select
    alerts.id,
    alerts.alert_type,
    alerts.title,
    alerts.status,
    alerts.created_at,
    alerts.resolved_at,
    alerts.outcome_code
from public.kiosks
inner join public.manager_alerts as alerts on kiosks.gym_id = alerts.gym_id
where kiosks.id = %(kiosk_id)s::uuid
    and (
        alerts.dedup_key in ('kiosk_offline:all', 'kiosk_offline:' || kiosks.id)
        or (alerts.kiosk_id = kiosks.id and alerts.alert_type in ('kiosk_offline', 'equipment_issue', 'data_quality'))
    )
    and (alerts.created_at > now() - interval '30 days' or alerts.status in ('pending', 'in_progress'))
order by alerts.created_at desc, alerts.id
limit 20;

-- conversations --
-- One kiosk's conversations of the last seven days, the latest first, with the median wait for an answer in each.
select
    sessions.id,
    sessions.started_at,
    sessions.state,
    sessions.close_reason,
    round(extract(epoch from sessions.ended_at - sessions.started_at))::double precision as duration_seconds,
    summaries.sentiment_label,
    summaries.outcome,
    waits.median_seconds
from public.kiosks
inner join public.openai_realtime_sessions as sessions
    on kiosks.gym_id = sessions.gym_id and kiosks.id = sessions.kiosk_id
left join public.conversation_summaries as summaries
    on sessions.gym_id = summaries.gym_id and sessions.id = summaries.session_id
left join lateral (
    select percentile_cont(0.5) within group (order by spoken.seconds) as median_seconds
    from (
        select
            turns.role,
            extract(epoch from turns.started_at - lag(turns.ended_at) over (order by turns.position, turns.id))
                as seconds
        from public.session_turns as turns
        where turns.session_id = sessions.id
    ) as spoken
    where spoken.role = 'assistant'
) as waits on true
where kiosks.id = %(kiosk_id)s::uuid and sessions.started_at > now() - interval '7 days'
order by sessions.started_at desc, sessions.id
limit %(most)s::integer;

-- history --
-- Who set up one kiosk, or all of its gym's, and how, the latest first.
select
    trail.id,
    trail.occurred_at,
    trail.action,
    trail.subject_table,
    trail.details,
    people.full_name as actor_name,
    trail.actor_user_id is not null as is_person
from public.kiosks
inner join public.audit_log as trail
    on (trail.subject_table = 'kiosks' and trail.subject_id = kiosks.id::text)
        or (trail.subject_table = 'gyms' and trail.subject_id = kiosks.gym_id::text
            and trail.action = 'kiosk_settings_changed')
left join public.users as people on trail.actor_user_id = people.id
where kiosks.id = %(kiosk_id)s::uuid and trail.gym_id = kiosks.gym_id
order by trail.occurred_at desc, trail.id desc
limit 30;
