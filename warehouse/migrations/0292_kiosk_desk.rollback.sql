-- Takes the kiosks' setting up from people's pages away; what was set stands.
drop function app.change_kiosk_settings(uuid, uuid, uuid, bigint, jsonb, text[]);
drop function app.pause_kiosk(uuid, boolean);
drop function app.change_kiosk(uuid, text, text, text, text);
drop function app.kiosk_access(uuid);
drop function app.kiosk_setting_layers(uuid[]);
revoke insert, update on public.kiosk_settings from jarvis_definer;
