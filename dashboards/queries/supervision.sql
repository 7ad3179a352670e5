-- state --
-- The database, the queue and the pipeline's last signs of life; no row for anybody but a super_admin.
select
    state.database_bytes, state.connection_count, state.most_connections,
    state.pipeline_seen_at, state.marts_built_at, state.waiting_count, state.oldest_waiting_at, state.given_up_count,
    state.quality_ran_at, state.unmet_expectation_count, state.retention_ran_at, state.retention_error_count
from app.system_state() as state;

-- incidents --
-- What broke in the pipeline and stands, or ended within a week.
select
    incidents.summary, incidents.first_at, incidents.occurrence_count, incidents.ended_at
from app.recent_incidents() as incidents;

-- promises --
-- How old each asset is and may be, the latest ones first.
select
    freshness.asset,
    freshness.as_of_at,
    freshness.promise_seconds,
    freshness.late_by_seconds,
    freshness.is_late
from app.freshness() as freshness
order by freshness.late_by_seconds desc, freshness.asset;

-- slow --
-- Statements that took half a second or more at least once, without their values.
select slow.login, slow.statement, slow.call_count, slow.mean_ms, slow.max_ms, slow.total_ms
from app.slow_statements(500) as slow;

-- waits --
-- How long members of a week waited for an answer to begin, in seconds.
select
    count(waits.seconds) as answer_count,
    percentile_cont(0.5) within group (order by waits.seconds) as p50,
    percentile_cont(0.95) within group (order by waits.seconds) as p95,
    percentile_cont(0.99) within group (order by waits.seconds) as p99
from (
    select
        case
            when turns.role = 'assistant' then
                extract(epoch from turns.started_at - lag(turns.ended_at) over (
                    partition by turns.session_id order by turns.position, turns.id
                ))::double precision
        end as seconds
    from public.openai_realtime_sessions as sessions
    inner join public.session_turns as turns
        on turns.gym_id = sessions.gym_id and turns.session_id = sessions.id
    where sessions.started_at >= now() - interval '7 days'
        and (%(gym_id)s::uuid is null or sessions.gym_id = %(gym_id)s::uuid)
) as waits
where waits.seconds >= 0;

-- kiosks --
-- Each kiosk in view, those that are away first.
select
    kiosks.id as kiosk_id,
    kiosks.name as kiosk_name,
    gyms.name as gym_name,
    kiosks.status,
    kiosks.last_heartbeat as last_heartbeat_at,
    kiosks.software_version
from public.kiosks
inner join public.gyms on gyms.id = kiosks.gym_id
where %(gym_id)s::uuid is null or kiosks.gym_id = %(gym_id)s::uuid
order by
    array_position(array['error', 'offline', 'provisioning', 'maintenance', 'online'], kiosks.status),
    gyms.name, kiosks.name, kiosks.id;
