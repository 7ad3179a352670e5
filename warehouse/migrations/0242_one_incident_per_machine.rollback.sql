-- Every name is an incident again; what was joined stays together.
drop trigger reports_join_the_open_incident on public.manager_alerts;
drop trigger incidents_keep_their_names on public.manager_alerts;
drop function app.join_open_incident();
drop function app.keep_mentions();
