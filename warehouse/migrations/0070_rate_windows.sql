-- Requests are counted over all gateway processes: a limit that each counts alone is multiplied by their number.

set local role jarvis_owner;

-- Unlogged: nothing waits for the disk, and counts that a crash of the server forgets are a minute's worth.
create unlogged table app.rate_windows (
    -- Class of the route and who calls, such as api/kiosk/<id> or voice/ip/<address>.
    bucket text primary key constraint rate_bucket_is_short check (octet_length(bucket) <= 200),
    used_count integer not null constraint used_count_is_positive check (used_count >= 1),
    ends_at timestamptz not null
) with (fillfactor = 50);
create index rate_windows_by_end on app.rate_windows (ends_at);
alter table app.rate_windows enable row level security;
alter table app.rate_windows force row level security;

-- Counts one request of a caller; a window opens with its first request. More than the limit is refused and not counted.
create function app.take_token(bucket_name text, allowed_count integer, window_seconds integer)
returns table (taken_count integer, seconds_left double precision)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    moment timestamptz := clock_timestamp();
    counted record;
begin
    insert into app.rate_windows as windows (bucket, used_count, ends_at)
    values (bucket_name, 1, moment + make_interval(secs => window_seconds))
    on conflict (bucket) do update
    set used_count = case when windows.ends_at <= moment then 1 else least(windows.used_count, allowed_count) + 1 end,
        ends_at = case when windows.ends_at <= moment then excluded.ends_at else windows.ends_at end
    returning windows.used_count, windows.ends_at into counted;
    -- Whoever opens a window clears away more than one that is over, so the table needs no job to stay small.
    if counted.used_count = 1 then
        delete from app.rate_windows as windows
        where windows.bucket in (
            select over.bucket
            from app.rate_windows as over
            where over.ends_at < moment - interval '1 minute' and over.bucket <> bucket_name
            order by over.ends_at
            limit 4
            for update skip locked
        );
    end if;
    -- A distance and not a time: the gateway's clock need not be the server's.
    return query select counted.used_count, extract(epoch from counted.ends_at - moment)::double precision;
end
$$;

alter function app.take_token(text, integer, integer) owner to jarvis_definer;
grant select, insert, update, delete on app.rate_windows to jarvis_definer, jarvis_pipeline;
revoke execute on function app.take_token(text, integer, integer) from public;
grant execute on function app.take_token(text, integer, integer) to jarvis_gateway;

reset role;
