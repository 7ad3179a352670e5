-- Up to which moment each asset tells everything, and how old that may be: lateness as data, for pages and mails.

set local role jarvis_owner;

create table app.asset_freshness (
    -- Dagster's key, such as marts/fct_sessions.
    asset text primary key constraint freshness_asset_length_in_range check (length(asset) between 1 and 200),
    promise_seconds integer not null constraint freshness_promise_is_positive check (promise_seconds > 0),
    -- Null until it was built once.
    as_of_at timestamptz,
    first_noted_at timestamptz not null,
    noted_at timestamptz not null
);
alter table app.asset_freshness enable row level security;
alter table app.asset_freshness force row level security;
grant select, insert, update, delete on app.asset_freshness to jarvis_pipeline;
grant select on app.asset_freshness to jarvis_definer;

-- Judged when it is asked, not when it was noted: where everything that notes has died, assets turn late all the same.
create function app.freshness() returns table (
    asset text, as_of_at timestamptz, promise_seconds integer, late_by_seconds integer, is_late boolean
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
as $$
    select
        noted.asset,
        noted.as_of_at,
        noted.promise_seconds,
        greatest(0, extract(epoch from now() - coalesce(noted.as_of_at, noted.first_noted_at)) - noted.promise_seconds)
            ::integer,
        coalesce(noted.as_of_at, noted.first_noted_at) < now() - make_interval(secs => noted.promise_seconds)
    from app.asset_freshness as noted
    order by noted.asset
$$;
alter function app.freshness() owner to jarvis_definer;
revoke execute on function app.freshness() from public;
grant execute on function app.freshness() to jarvis_dashboard, jarvis_analyst, jarvis_pipeline;

reset role;
