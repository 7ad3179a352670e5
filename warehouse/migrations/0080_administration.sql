-- How people run the network: each change is one function that checks who asks and writes the audit trail itself.
-- The dashboard's login may write none of these tables, so no route can change anything unseen or unallowed.

set local role jarvis_owner;

-- The actor is whoever the transaction speaks for; ids and states only, because the trail outlives names.
create function app.audit(at_gym uuid, what text, subject text, subject_row text, more jsonb) returns void
language sql security definer
set search_path = pg_catalog, pg_temp
begin atomic
    insert into public.audit_log (gym_id, actor_user_id, actor_role, action, subject_table, subject_id, details)
    select at_gym, users.id, users.role, what, subject, subject_row, jsonb_strip_nulls(more)
    from public.users
    where users.id = auth.uid();
end;

-- Answers false for a gym that the person does not see, true for one they manage, and refuses in between.
create function app.may_manage_gym(at_gym uuid) returns boolean
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if at_gym = any (app.managed_gym_ids()) then
        return true;
    elsif at_gym = any (app.visible_gym_ids()) then
        raise exception 'found a person who only sees this gym, expected one who manages it'
            using errcode = 'insufficient_privilege';
    end if;
    return false;
end
$$;

create function app.require_super_admin() returns void
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if not app.is_super_admin() then
        raise exception 'found a person who does not run the network, expected a super_admin'
            using errcode = 'insufficient_privilege';
    end if;
end
$$;

-- Whom a person may make or change: an owner the managers and staff of their gyms, a manager the staff of theirs.
create function app.may_manage_user(their_role text, their_gym uuid) returns boolean
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

create function app.create_franchise(new_name text, new_city text, new_plan text) returns uuid
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    made uuid;
begin
    perform app.require_super_admin();
    insert into public.franchises (name, city, subscription_plan) values (new_name, new_city, new_plan)
    returning franchises.id into made;
    perform app.audit(null, 'franchise_created', 'franchises', made::text, jsonb_build_object('plan', new_plan));
    return made;
end
$$;

-- Null leaves a column as it is, here and in the functions below; false means there is no such row.
create function app.change_franchise(which uuid, new_name text, new_city text, new_plan text, new_status text)
returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    before public.franchises;
begin
    perform app.require_super_admin();
    select * into before from public.franchises where franchises.id = which for update;
    if not found then
        return false;
    end if;
    update public.franchises
    set name = coalesce(new_name, before.name),
        city = coalesce(new_city, before.city),
        subscription_plan = coalesce(new_plan, before.subscription_plan),
        status = coalesce(new_status, before.status)
    where franchises.id = which;
    perform app.audit(
        null, 'franchise_changed', 'franchises', which::text,
        jsonb_build_object(
            'from', before.status, 'to', coalesce(new_status, before.status), 'plan', new_plan,
            'has_new_name', new_name is distinct from null
        )
    );
    return true;
end
$$;

create function app.create_gym(
    in_franchise uuid, new_slug text, new_name text, new_city text, new_address text, new_timezone text, new_hours jsonb
) returns uuid
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    made uuid;
begin
    perform app.require_super_admin();
    insert into public.gyms (franchise_id, slug, name, city, address, timezone, opening_hours)
    values (in_franchise, new_slug, new_name, new_city, new_address, new_timezone, new_hours)
    returning gyms.id into made;
    perform app.audit(
        made, 'gym_created', 'gyms', made::text, jsonb_build_object('franchise_id', in_franchise, 'slug', new_slug)
    );
    return made;
end
$$;

-- A gym's state decides what is billed and served: the network's, not the manager's.
create function app.change_gym(
    which uuid, new_name text, new_city text, new_address text, new_timezone text, new_hours jsonb, new_status text
) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    before public.gyms;
begin
    if not app.may_manage_gym(which) then
        return false;
    end if;
    if new_status is not null then
        perform app.require_super_admin();
    end if;
    select * into before from public.gyms where gyms.id = which for update;
    update public.gyms
    set name = coalesce(new_name, before.name),
        city = coalesce(new_city, before.city),
        address = coalesce(new_address, before.address),
        timezone = coalesce(new_timezone, before.timezone),
        opening_hours = coalesce(new_hours, before.opening_hours),
        status = coalesce(new_status, before.status)
    where gyms.id = which;
    perform app.audit(
        which, 'gym_changed', 'gyms', which::text,
        jsonb_build_object(
            'from', before.status, 'to', coalesce(new_status, before.status),
            'has_new_hours', new_hours is not null, 'has_new_name', new_name is not null
        )
    );
    return true;
end
$$;

create function app.create_user(
    new_email text, new_full_name text, new_role text, in_franchise uuid, in_gym uuid, new_password_hash text
) returns uuid
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    made uuid;
begin
    if not app.may_manage_user(new_role, in_gym) then
        raise exception 'found a person who may not make a user of this role and place, expected one who may'
            using errcode = 'insufficient_privilege';
    end if;
    insert into public.users (email, full_name, role, franchise_id, gym_id)
    values (lower(new_email), new_full_name, new_role, in_franchise, in_gym)
    returning users.id into made;
    insert into public.user_credentials (user_id, password_hash) values (made, new_password_hash);
    perform app.audit(in_gym, 'user_created', 'users', made::text, jsonb_build_object('role', new_role));
    return made;
end
$$;

-- A suspension or a new password ends every session at once.
create function app.change_user(which uuid, new_full_name text, new_is_active boolean, new_password_hash text)
returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    before public.users;
begin
    select users.* into before
    from public.users
    where users.id = which
        and (
            app.is_super_admin()
            or users.gym_id = any (app.visible_gym_ids())
            or users.franchise_id = any (app.visible_franchise_ids())
        )
    for update;
    if not found then
        return false;
    end if;
    if not app.may_manage_user(before.role, before.gym_id) then
        raise exception 'found a person who may not change this user, expected one who may'
            using errcode = 'insufficient_privilege';
    end if;
    if which = auth.uid() and new_is_active is false then
        raise exception 'found a person who suspends themselves, expected another one to do it'
            using errcode = 'object_not_in_prerequisite_state';
    end if;
    update public.users
    set full_name = coalesce(new_full_name, before.full_name),
        is_active = coalesce(new_is_active, before.is_active)
    where users.id = which;
    if new_password_hash is not null then
        insert into public.user_credentials as credentials (user_id, password_hash) values (which, new_password_hash)
        on conflict (user_id) do update
        set password_hash = excluded.password_hash, failed_attempts = 0, locked_until = null, updated_at = now();
    end if;
    if new_password_hash is not null or new_is_active is false then
        update public.dashboard_sessions as sessions
        set revoked_at = now()
        where sessions.user_id = which and sessions.revoked_at is null;
    end if;
    perform app.audit(
        before.gym_id,
        case
            when new_is_active is false then 'user_suspended'
            when new_is_active and not before.is_active then 'user_reinstated'
            else 'user_changed'
        end,
        'users', which::text,
        jsonb_build_object(
            'has_new_name', new_full_name is not null, 'has_new_password', new_password_hash is not null
        )
    );
    return true;
end
$$;

create function app.create_kiosk(at_gym uuid, new_slug text, new_name text, new_location text) returns uuid
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    made uuid;
begin
    if not app.may_manage_gym(at_gym) then
        return null;
    end if;
    insert into public.kiosks (gym_id, slug, name, location_in_gym) values (at_gym, new_slug, new_name, new_location)
    returning kiosks.id into made;
    perform app.audit(at_gym, 'kiosk_created', 'kiosks', made::text, jsonb_build_object('slug', new_slug));
    return made;
end
$$;

-- Replaces the codes of its holder before it; the device that holds a token keeps it until the code is used.
create function app.issue_kiosk_code(
    which uuid, for_holder text, code_lookup text, code_hash bytea, valid_minutes integer
) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    at_gym uuid;
begin
    select kiosks.gym_id into at_gym from public.kiosks where kiosks.id = which for update;
    if at_gym is null or not app.may_manage_gym(at_gym) then
        return false;
    end if;
    update public.kiosk_credentials as credentials
    set revoked_at = now()
    where credentials.kiosk_id = which
        and credentials.kind = 'code'
        and credentials.holder = for_holder
        and credentials.used_at is null
        and credentials.revoked_at is null;
    insert into public.kiosk_credentials (gym_id, kiosk_id, kind, holder, lookup, secret_hash, expires_at)
    values (at_gym, which, 'code', for_holder, code_lookup, code_hash, now() + make_interval(mins => valid_minutes));
    perform app.audit(
        at_gym, 'kiosk_code_issued', 'kiosks', which::text, jsonb_build_object('holder', for_holder)
    );
    return true;
end
$$;

-- Every token and unused code of the kiosk is worthless from now on; null means there is no such kiosk.
create function app.revoke_kiosk(which uuid) returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    at_gym uuid;
    revoked integer;
begin
    select kiosks.gym_id into at_gym from public.kiosks where kiosks.id = which for update;
    if at_gym is null or not app.may_manage_gym(at_gym) then
        return null;
    end if;
    update public.kiosk_credentials as credentials
    set revoked_at = now()
    where credentials.kiosk_id = which
        and credentials.revoked_at is null
        and (credentials.kind = 'token' or credentials.used_at is null);
    get diagnostics revoked = row_count;
    update public.kiosks set status = 'provisioning', updated_at = now() where kiosks.id = which;
    perform app.audit(
        at_gym, 'kiosk_revoked', 'kiosks', which::text, jsonb_build_object('revoked_count', revoked)
    );
    return revoked;
end
$$;

-- What happened to the network itself has no gym: whoever runs the network reads it.
create policy super_admin_reads_the_network on public.audit_log for select to jarvis_dashboard
    using (gym_id is null and (select app.is_super_admin()));
create index audit_log_by_time on public.audit_log (occurred_at desc, id desc);

do $$
declare
    made regprocedure;
begin
    foreach made in array array[
        'app.audit(uuid, text, text, text, jsonb)',
        'app.may_manage_gym(uuid)',
        'app.require_super_admin()',
        'app.may_manage_user(text, uuid)',
        'app.create_franchise(text, text, text)',
        'app.change_franchise(uuid, text, text, text, text)',
        'app.create_gym(uuid, text, text, text, text, text, jsonb)',
        'app.change_gym(uuid, text, text, text, text, jsonb, text)',
        'app.create_user(text, text, text, uuid, uuid, text)',
        'app.change_user(uuid, text, boolean, text)',
        'app.create_kiosk(uuid, text, text, text)',
        'app.issue_kiosk_code(uuid, text, text, bytea, integer)',
        'app.revoke_kiosk(uuid)'
    ]::regprocedure[]
    loop
        execute format('alter function %s owner to jarvis_definer', made);
        execute format('revoke execute on function %s from public', made);
    end loop;
end
$$;
grant execute on function
    app.create_franchise(text, text, text),
    app.change_franchise(uuid, text, text, text, text),
    app.create_gym(uuid, text, text, text, text, text, jsonb),
    app.change_gym(uuid, text, text, text, text, jsonb, text),
    app.create_user(text, text, text, uuid, uuid, text),
    app.change_user(uuid, text, boolean, text),
    app.create_kiosk(uuid, text, text, text),
    app.issue_kiosk_code(uuid, text, text, bytea, integer),
    app.revoke_kiosk(uuid)
    to jarvis_dashboard;
grant insert, update on public.franchises, public.gyms, public.users, public.kiosks to jarvis_definer;

reset role;
