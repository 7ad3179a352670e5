-- What the marts were last built from, so that a build makes only what has changed since.

set local role jarvis_owner;

create table app.mart_builds (
    id boolean primary key default true constraint mart_build_is_one_row check (id),
    -- Of the dbt project, and the day: figures that count days from today differ tomorrow.
    project text not null,
    built_date date not null,
    -- Table to the rows it had seen inserted, changed or deleted, as Postgres counts them.
    change_counts jsonb not null,
    built_at timestamptz not null default clock_timestamp()
);
alter table app.mart_builds enable row level security;
alter table app.mart_builds force row level security;
grant select, insert, update on app.mart_builds to jarvis_pipeline;

reset role;
