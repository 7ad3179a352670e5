-- People's language goes, and gyms call about every member at high risk again.
set local role jarvis_owner;

revoke select, insert, update on public.mail_preferences from jarvis_definer;
drop function
    app.change_gym_settings(uuid, integer, numeric, text),
    app.set_own_language(text),
    app.change_own_profile(text, text, text[], time, time);
alter table public.gyms drop column churn_alert_threshold;
alter table public.users drop column language;

reset role;
