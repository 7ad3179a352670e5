-- What broke in the pipeline, one row a cause, so that the data team gets one e-mail with a count and not a storm.

set local role jarvis_owner;

create table app.incidents (
    -- Kind and subject, such as run_failed:build_marts.
    cause text primary key constraint incident_cause_length_in_range check (length(cause) between 1 and 300),
    -- One line for a person; never a message of an error, which may quote a member.
    summary text not null constraint incident_summary_length_in_range check (length(summary) between 1 and 500),
    first_at timestamptz not null,
    last_at timestamptz not null,
    occurrence_count integer not null default 1 constraint incident_count_is_positive check (occurrence_count >= 1),
    -- When the last e-mail about it was taken by the mail server, and the count it told.
    told_at timestamptz,
    told_count integer not null default 0,
    -- Null while the cause stands.
    ended_at timestamptz
);
alter table app.incidents enable row level security;
alter table app.incidents force row level security;
grant select, insert, update, delete on app.incidents to jarvis_pipeline;

reset role;
