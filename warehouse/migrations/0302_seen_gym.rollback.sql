-- Everybody sees all of their gyms at once again.
set local role jarvis_owner;

create or replace function app.may_manage_user(their_role text, their_gym uuid) returns boolean
language sql stable security definer
set search_path = pg_catalog, pg_temp
return coalesce((
    select case users.role
        when 'super_admin' then true
        when 'franchise_owner' then their_role in ('gym_manager', 'gym_staff')
            and their_gym = any (app.managed_gym_ids())
        when 'gym_manager' then their_role = 'gym_staff' and their_gym = any (app.managed_gym_ids())
        else false
    end
    from public.users
    where users.id = auth.uid() and users.is_active
), false);

create or replace function app.is_super_admin() returns boolean
language sql stable security definer
set search_path = pg_catalog, pg_temp
return exists (
    select from public.users where users.id = auth.uid() and users.is_active and users.role = 'super_admin'
);

create or replace function app.visible_franchise_ids() returns uuid[]
language sql stable security definer
set search_path = pg_catalog, pg_temp
return (
    select coalesce(array_agg(franchises.id), '{}'::uuid[])
    from public.users
    inner join public.franchises
        on users.role = 'super_admin'
        or (users.role in ('franchise_owner', 'analyst') and franchises.id = users.franchise_id)
    where users.id = auth.uid() and users.is_active
);

create or replace function app.managed_gym_ids() returns uuid[]
language sql stable security definer
set search_path = pg_catalog, pg_temp
return (
    select case when users.role in ('super_admin', 'franchise_owner', 'gym_manager')
        then app.gym_ids_seen_by(users.id)
        else '{}'::uuid[]
    end
    from public.users
    where users.id = auth.uid()
);

create or replace function app.visible_gym_ids() returns uuid[]
language sql stable security definer
set search_path = pg_catalog, pg_temp
return app.gym_ids_seen_by(auth.uid());

drop function app.seen_gym_id();

reset role;
