-- A gym may keep for less time than the network does, rule by rule; a proof says whose term it kept.

set local role jarvis_owner;

alter table app.retention_rules
    -- False for what is nobody's gym: files of a machine, the record of runs itself.
    add column is_by_gym boolean not null default true;
create table app.gym_retention_rules (
    gym_id uuid not null references public.gyms (id) on delete cascade,
    rule_name text not null references app.retention_rules (name) on delete cascade,
    -- Counts while it is shorter than the network's.
    keep_days integer not null constraint gym_keep_days_in_range check (keep_days between 1 and 3650),
    updated_at timestamptz not null default now(),
    primary key (gym_id, rule_name)
);
create index gym_retention_rules_by_rule on app.gym_retention_rules (rule_name);
alter table app.retention_runs
    -- Whose own, stricter term was kept; null for the network's. No reference: the proof outlives the gym.
    add column gym_id uuid;

-- No policy: the pipeline alone, who sees every gym, keeps house.
alter table app.gym_retention_rules enable row level security;
alter table app.gym_retention_rules force row level security;
grant select, insert, update, delete on app.gym_retention_rules to jarvis_pipeline;
grant update (is_by_gym) on app.retention_rules to jarvis_definer;

reset role;
set local role jarvis_definer;

update app.retention_rules set is_by_gym = false
where name in ('retention_runs', 'log_files', 'quarantine_files', 'worker_files');

reset role;
