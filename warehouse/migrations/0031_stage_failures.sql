-- A conversation that fails in the members or the alerts stage is put off and then parked alone, with its reason.

set local role jarvis_owner;

alter table public.conversation_summaries
    -- Failed tries of the members stage since the last analysis.
    add column count_attempts integer not null default 0,
    -- Not before this moment; infinity once it is parked.
    add column count_retry_at timestamptz,
    add column count_error text,
    -- The same for the alerts stage.
    add column alert_attempts integer not null default 0,
    add column alert_retry_at timestamptz,
    add column alert_error text,
    add constraint stage_attempts_are_positive check (count_attempts >= 0 and alert_attempts >= 0);

reset role;
