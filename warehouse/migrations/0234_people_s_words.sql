-- What people write about a conversation follows its storage level too, once it is done with: notes and messages of alerts.

set local role jarvis_owner;

alter table public.manager_alerts
    -- When the note was brought to its level; null while it still has to be, and where it need not.
    add column notes_redacted_at timestamptz;
alter table public.alert_messages
    add column text_redacted_at timestamptz;
create index alerts_with_a_note on public.manager_alerts (gym_id, resolved_at)
    where resolution_notes is not null and notes_redacted_at is null;
create index messages_as_written on public.alert_messages (gym_id, alert_id) where text_redacted_at is null;

-- What was said at the end stands for everybody but the pipeline while it takes personal data out, and says that it does.
drop trigger alert_transition_is_legal on public.manager_alerts;
create trigger alert_transition_is_legal before update on public.manager_alerts
    for each row
    when (not (current_user = 'jarvis_pipeline' and coalesce(current_setting('app.is_redacting', true), '') = 'on'))
    execute function app.check_alert_transition();
drop trigger alert_message_is_kept on public.alert_messages;
create trigger alert_message_is_kept before update on public.alert_messages
    for each row
    when (not (current_user = 'jarvis_pipeline' and coalesce(current_setting('app.is_redacting', true), '') = 'on'))
    execute function app.check_alert_message();

reset role;
