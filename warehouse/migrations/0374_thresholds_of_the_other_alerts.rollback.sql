-- Every gym is told from the rules' own numbers on again.
set local role jarvis_owner;

drop function app.change_alert_threshold(uuid, text, integer[]);
drop function app.held_thresholds(uuid);
alter table public.gyms
    drop column kiosk_silence_minutes, drop column milestone_visits, drop column checkins_silent_hours;
alter table public.franchises
    drop column kiosk_silence_minutes, drop column milestone_visits, drop column checkins_silent_hours;

reset role;
