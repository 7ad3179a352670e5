-- Takes the tenants and their functions away again; with a function go the policies that rest on it.
drop function app.protect_tenant_table(regclass, text[]);
drop function app.analyst_gym_ids() cascade;
drop function app.analyst_user_id();
drop function app.is_super_admin() cascade;
drop function app.visible_franchise_ids() cascade;
drop function app.managed_gym_ids();
drop function app.visible_gym_ids() cascade;
drop function app.gym_ids_seen_by(uuid);
drop table app.analyst_logins;
drop table public.dashboard_sessions;
drop table public.user_credentials;
drop table public.users;
drop table public.gyms;
drop table public.franchises;
