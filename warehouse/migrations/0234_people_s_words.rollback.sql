-- What people write about alerts stays as they wrote it, whatever their gym keeps.
drop trigger alert_message_is_kept on public.alert_messages;
create trigger alert_message_is_kept before update on public.alert_messages
    for each row execute function app.check_alert_message();
drop trigger alert_transition_is_legal on public.manager_alerts;
create trigger alert_transition_is_legal before update on public.manager_alerts
    for each row execute function app.check_alert_transition();
drop index public.messages_as_written;
drop index public.alerts_with_a_note;
alter table public.alert_messages drop column text_redacted_at;
alter table public.manager_alerts drop column notes_redacted_at;
