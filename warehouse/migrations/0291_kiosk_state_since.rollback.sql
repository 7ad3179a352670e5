-- Takes away since when kiosks are as they are.
drop trigger kiosk_status_change_is_dated on public.kiosks;
drop function app.note_kiosk_status();
alter table public.kiosks drop column status_changed_at;
