-- Marts: whether dbt has built them, and what has changed since.

-- are_built --
-- True once dbt has built a mart.
select exists (select from pg_tables where schemaname = 'marts') as are_built;

-- change_counts --
-- How many rows each table has seen inserted, changed or deleted; a reset of the counters is a change, too.
select
    statistics.schemaname || '.' || statistics.relname as table_name,
    statistics.n_tup_ins + statistics.n_tup_upd + statistics.n_tup_del as change_count
from pg_stat_user_tables as statistics
where statistics.schemaname in ('public', 'app');

-- last_build --
-- What the marts were last built from; no row before the first build.
select project, built_date, change_counts
from app.mart_builds;

-- remember_build --
-- Keeps what this build was made from.
insert into app.mart_builds (project, built_date, change_counts)
values (%(project)s::text, %(built_date)s::date, %(change_counts)s::jsonb)
on conflict (id) do update
set project = excluded.project,
    built_date = excluded.built_date,
    change_counts = excluded.change_counts,
    built_at = clock_timestamp();
