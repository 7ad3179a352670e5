-- A provider that fails is left alone by every worker together: what one of them found out, the others need not.

set local role jarvis_owner;

create table app.provider_circuits (
    -- The engine that asks it, such as openai.
    engine text primary key,
    -- Batches in a row that the provider answered nothing of.
    failed_count integer not null constraint failed_count_is_positive check (failed_count >= 0),
    -- Nobody asks before; null while the circuit is closed.
    open_until timestamptz
);

-- No policy and no gym: it says how a provider fares, and only the pipeline asks.
alter table app.provider_circuits enable row level security;
alter table app.provider_circuits force row level security;
grant select, insert, update, delete on app.provider_circuits to jarvis_pipeline;

reset role;
