-- Every gym keeps everything again; what was redacted or dropped stays so.
drop trigger storage_level_changes_are_audited on public.gyms;
drop function app.note_storage_level();
drop trigger session_bears_its_gyms_storage_level on public.openai_realtime_sessions;
drop function app.stamp_storage_level();
alter table public.openai_realtime_sessions drop column storage_level, drop column words_redacted_at;
alter table public.gyms drop column storage_level;
