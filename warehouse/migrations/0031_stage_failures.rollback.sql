-- Takes the stages' failures away again.
alter table public.conversation_summaries
    drop constraint stage_attempts_are_positive,
    drop column count_attempts,
    drop column count_retry_at,
    drop column count_error,
    drop column alert_attempts,
    drop column alert_retry_at,
    drop column alert_error;
