-- How the machine does, for whoever runs the network: signs of life, incidents, and slow statements without a value.

-- Where the server has it; whether it also counts is its own setting (warehouse/embedded.py preloads it). In a schema of
-- its own, which no login may enter: statements are for one function to tell.
create schema if not exists server_statistics;
do $$
declare
    place text;
begin
    if exists (select from pg_available_extensions where name = 'pg_stat_statements') then
        create extension if not exists pg_stat_statements with schema server_statistics;
        -- It may have been there before, elsewhere.
        select format('%I', namespaces.nspname) into place
        from pg_extension as extensions
        inner join pg_namespace as namespaces on namespaces.oid = extensions.extnamespace
        where extensions.extname = 'pg_stat_statements';
        execute format('revoke all on %s.pg_stat_statements, %s.pg_stat_statements_info from public', place, place);
        execute format('grant select on %s.pg_stat_statements to jarvis_definer', place);
    end if;
    -- Membership holds for the whole server, so the way back leaves it.
    if not pg_has_role('jarvis_definer', 'pg_read_all_stats', 'member') then
        grant pg_read_all_stats to jarvis_definer;
    end if;
end
$$;
grant usage on schema server_statistics to jarvis_definer;

set local role jarvis_owner;

-- Counted at each look at the machine; few, where all is well.
create index summaries_given_up on public.conversation_summaries (queued_at) where status = 'parked';

grant select on app.mart_builds, app.quality_results, app.incidents to jarvis_definer;

-- One row for a super_admin, none for anybody else.
create function app.system_state() returns table (
    server_version text, started_at timestamptz, database_bytes bigint, connection_count integer,
    most_connections integer, pipeline_seen_at timestamptz, marts_built_at timestamptz, waiting_count bigint,
    oldest_waiting_at timestamptz, given_up_count bigint, quality_ran_at timestamptz, unmet_expectation_count bigint,
    retention_ran_at timestamptz, retention_error_count bigint
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select
        current_setting('server_version'),
        pg_postmaster_start_time(),
        pg_database_size(current_database()),
        (select count(*)::integer from pg_stat_activity where backend_type = 'client backend'),
        current_setting('max_connections')::integer,
        (select max(noted.noted_at) from app.asset_freshness as noted),
        (select max(builds.built_at) from app.mart_builds as builds),
        queue.waiting_count,
        queue.oldest_waiting_at,
        (select count(*) from public.conversation_summaries as parked where parked.status = 'parked'),
        quality.ran_at,
        quality.unmet_count,
        retention.ran_at,
        retention.error_count
    from
        (
            select count(*) as waiting_count, min(summaries.queued_at) as oldest_waiting_at
            from public.conversation_summaries as summaries
            where summaries.status = 'pending'
        ) as queue
    cross join (
        select max(results.ran_at) as ran_at, count(*) filter (where not results.is_met) as unmet_count
        from app.quality_results as results
        where results.ran_at >= (select max(latest.ran_at) - interval '1 hour' from app.quality_results as latest)
    ) as quality
    cross join (
        select max(runs.ran_at) as ran_at, count(*) filter (where runs.error is not null) as error_count
        from app.retention_runs as runs
        where runs.ran_at >= (select max(latest.ran_at) - interval '1 hour' from app.retention_runs as latest)
    ) as retention
    where app.is_super_admin()
$$;

-- What broke in the pipeline and stands, or ended within a week; the open ones first.
create function app.recent_incidents() returns table (
    cause text, summary text, first_at timestamptz, last_at timestamptz, occurrence_count integer, ended_at timestamptz
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select
        incidents.cause, incidents.summary, incidents.first_at, incidents.last_at, incidents.occurrence_count,
        incidents.ended_at
    from app.incidents
    where app.is_super_admin()
        and (incidents.ended_at is null or incidents.ended_at >= now() - interval '7 days')
    order by incidents.ended_at is not null, incidents.last_at desc, incidents.cause
$$;

-- Statements of this database that took so long at least once, the longest first. No row where nothing counts them.
create function app.slow_statements(at_least_ms double precision) returns table (
    login text, statement text, call_count bigint, mean_ms double precision, max_ms double precision,
    total_ms double precision
)
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    name text;
begin
    select format('%I.pg_stat_statements', namespaces.nspname) into name
    from pg_extension as extensions
    inner join pg_namespace as namespaces on namespaces.oid = extensions.extnamespace
    where extensions.extname = 'pg_stat_statements';
    if name is null or not app.is_super_admin() then
        return;
    end if;
    -- Postgres writes $1 for values of queries alone: whatever else holds one is left out, and what is quoted goes.
    return query execute format(
        $statement$
            select
                roles.rolname::text,
                left(regexp_replace(regexp_replace(counted.query, '''[^'']*''', '''…''', 'g'), '\s+', ' ', 'g'), 600),
                counted.calls, counted.mean_exec_time, counted.max_exec_time, counted.total_exec_time
            from %s as counted
            inner join pg_roles as roles on roles.oid = counted.userid
            where counted.dbid = (select oid from pg_database where datname = current_database())
                and counted.max_exec_time >= $1
                and counted.query ~* '^[\s(]*(--[^\n]*\n\s*)*(select|insert|update|delete|merge|with)\y'
            order by counted.max_exec_time desc, counted.queryid
            limit 50
        $statement$, name
    ) using at_least_ms;
exception
    -- There, and not preloaded: nothing is counted.
    when object_not_in_prerequisite_state then
        return;
end
$$;

alter function app.system_state() owner to jarvis_definer;
alter function app.recent_incidents() owner to jarvis_definer;
alter function app.slow_statements(double precision) owner to jarvis_definer;
revoke execute on function app.system_state(), app.recent_incidents(), app.slow_statements(double precision) from public;
grant execute on function app.system_state(), app.recent_incidents(), app.slow_statements(double precision)
    to jarvis_dashboard;

reset role;
