-- Transcripts are read without leaving a trace again.
set local role jarvis_owner;

revoke select on public.audit_log from jarvis_definer;
drop function app.note_reading(uuid);

reset role;
