-- Takes remote configuration away again.
drop function app.kiosk_settings_of(uuid[]);
drop table public.kiosk_settings;
drop function app.note_kiosk_settings();
drop sequence app.kiosk_settings_versions;
