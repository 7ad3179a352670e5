-- Takes the drafted messages away again.
drop table public.alert_messages;
drop function app.check_alert_message();
