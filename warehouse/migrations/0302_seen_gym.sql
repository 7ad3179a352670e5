-- Whoever sees several gyms can see one as its manager does: the transaction says which, and rights only narrow to it.

set local role jarvis_owner;

-- The gym this transaction keeps to; null for all of the person's own. Whoever sets it to a gym they do not see sees
-- nothing.
create function app.seen_gym_id() returns uuid
language sql stable
set search_path = pg_catalog, pg_temp
return nullif(current_setting('app.seen_gym_id', true), '')::uuid;

create or replace function app.visible_gym_ids() returns uuid[]
language sql stable security definer
set search_path = pg_catalog, pg_temp
return (
    select case
        when app.seen_gym_id() is null then own.gym_ids
        when app.seen_gym_id() = any (own.gym_ids) then array[app.seen_gym_id()]
        else '{}'::uuid[]
    end
    from (select app.gym_ids_seen_by(auth.uid()) as gym_ids) as own
);

create or replace function app.managed_gym_ids() returns uuid[]
language sql stable security definer
set search_path = pg_catalog, pg_temp
return (
    select case when users.role in ('super_admin', 'franchise_owner', 'gym_manager')
        then app.visible_gym_ids()
        else '{}'::uuid[]
    end
    from public.users
    where users.id = auth.uid()
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
    where users.id = auth.uid() and users.is_active and app.seen_gym_id() is null
);

create or replace function app.is_super_admin() returns boolean
language sql stable security definer
set search_path = pg_catalog, pg_temp
return exists (
    select from public.users
    where users.id = auth.uid() and users.is_active and users.role = 'super_admin' and app.seen_gym_id() is null
);

-- Whom a person may make or change: an owner the managers and staff of their gyms, a manager the staff of theirs; who
-- sees a gym as its manager does, as that manager.
create or replace function app.may_manage_user(their_role text, their_gym uuid) returns boolean
language sql stable security definer
set search_path = pg_catalog, pg_temp
return coalesce((
    select case
        when app.seen_gym_id() is not null
            then their_role = 'gym_staff' and their_gym = any (app.managed_gym_ids())
        when users.role = 'super_admin' then true
        when users.role = 'franchise_owner' then their_role in ('gym_manager', 'gym_staff')
            and their_gym = any (app.managed_gym_ids())
        when users.role = 'gym_manager' then their_role = 'gym_staff' and their_gym = any (app.managed_gym_ids())
        else false
    end
    from public.users
    where users.id = auth.uid() and users.is_active
), false);

alter function app.seen_gym_id() owner to jarvis_definer;
revoke execute on function app.seen_gym_id() from public;

reset role;
