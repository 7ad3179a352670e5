-- Who works with the pages and how they stand: seen by whoever manages them, changed only after a proof of who asks.

set local role jarvis_owner;

-- As « Mon compte » asks for it: the session somebody acts with, proven lately, and theirs.
create function app.require_proof(session_token_hash bytea, proof_age interval) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (
        select from app.proven_session(session_token_hash, proof_age) as sessions
        where sessions.user_id = auth.uid() and sessions.stage = 'open'
    ) then
        raise exception 'found a session that was not proven lately, expected a password or a code first';
    end if;
end
$$;

-- How each person stands whom the asking one manages or works beside; nothing for whoever manages nobody.
create function app.people()
returns table (
    user_id uuid, has_password boolean, invited_until timestamptz, locked_until timestamptz,
    last_signed_in_at timestamptz, may_change boolean
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
    with asking as materialized (
        select app.is_super_admin() as runs_network, app.managed_gym_ids() as gym_ids,
            app.visible_franchise_ids() as franchise_ids
    )
    select
        users.id,
        credentials.user_id is not null,
        (
            select max(links.expires_at) from public.account_links as links
            where links.user_id = users.id and links.purpose = 'invitation' and links.used_at is null
        ),
        greatest(
            case when credentials.locked_until > now() then credentials.locked_until end,
            case when factors.locked_until > now() then factors.locked_until end
        ),
        (
            select max(sessions.created_at) from public.dashboard_sessions as sessions
            where sessions.user_id = users.id and sessions.stage = 'open'
        ),
        users.id <> auth.uid() and app.may_manage_user(users.role, users.gym_id)
    from asking
    inner join public.users
        on asking.runs_network
        or users.gym_id = any (asking.gym_ids)
        or (users.franchise_id = any (asking.franchise_ids) and cardinality(asking.gym_ids) > 0)
    left join public.user_credentials as credentials on credentials.user_id = users.id
    left join public.second_factors as factors on factors.user_id = users.id;
end;

-- A network that nobody runs any more can let nobody in again; whoever changes it, and at the same moment too.
create function app.keep_a_super_admin() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('super_admins', 300));
    if not exists (
        select from public.users as others
        where others.id <> old.id and others.role = 'super_admin' and others.is_active
    ) then
        raise exception 'found the last active super_admin, expected another one first: invite one'
            using errcode = 'restrict_violation';
    end if;
    return new;
end
$$;
create trigger somebody_runs_the_network before update of role, is_active on public.users
    for each row
    when (old.role = 'super_admin' and old.is_active and (new.role <> 'super_admin' or not new.is_active))
    execute function app.keep_a_super_admin();

create function app.invite_person(
    session_token_hash bytea, proof_age interval, new_email text, new_full_name text, new_role text, in_franchise uuid,
    in_gym uuid, link_hash bytea, valid_for interval
) returns uuid
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform app.require_proof(session_token_hash, proof_age);
    return app.invite_user(new_email, new_full_name, new_role, in_franchise, in_gym, link_hash, valid_for);
end
$$;

create function app.invite_person_again(
    session_token_hash bytea, proof_age interval, which uuid, link_hash bytea, valid_for interval
) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform app.require_proof(session_token_hash, proof_age);
    return app.renew_invitation(which, link_hash, valid_for);
end
$$;

-- Name, role and place as they are to be; a null name stays. False: the person sees nobody like that. Both the role
-- they leave and the one they get must be the asking person's to give, and nobody gives themselves one.
create function app.change_person(
    session_token_hash bytea, proof_age interval, which uuid, new_full_name text, new_role text, in_franchise uuid,
    in_gym uuid
) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    before public.users;
begin
    perform app.require_proof(session_token_hash, proof_age);
    select users.* into before
    from public.users
    where users.id = which and users.id in (select people.user_id from app.people() as people)
    for update;
    if not found then
        return false;
    end if;
    if which = auth.uid() then
        raise exception 'found a person who changes their own rights, expected another one to do it'
            using errcode = 'object_not_in_prerequisite_state';
    end if;
    if not app.may_manage_user(before.role, before.gym_id) or not app.may_manage_user(new_role, in_gym) then
        raise exception 'found a person who may not give this user this role and place, expected one who may'
            using errcode = 'insufficient_privilege';
    end if;
    update public.users
    set full_name = coalesce(new_full_name, before.full_name),
        role = new_role,
        franchise_id = in_franchise,
        gym_id = in_gym
    where users.id = which;
    perform app.audit(
        coalesce(in_gym, before.gym_id), 'user_changed', 'users', which::text,
        jsonb_build_object(
            'from', before.role, 'to', new_role, 'from_gym', before.gym_id, 'to_gym', in_gym,
            'has_new_name', new_full_name is distinct from before.full_name
        )
    );
    return true;
end
$$;

-- A suspension ends every session of theirs at once.
create function app.set_person_active(
    session_token_hash bytea, proof_age interval, which uuid, new_is_active boolean
) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform app.require_proof(session_token_hash, proof_age);
    return app.change_user(which, null, new_is_active, null);
end
$$;

create function app.reset_second_factor_of(session_token_hash bytea, proof_age interval, which uuid) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform app.require_proof(session_token_hash, proof_age);
    return app.reset_second_factor(which);
end
$$;

-- Wrong passwords and wrong codes are forgotten: they may try again now. False: nobody the person may do this for.
create function app.unlock_person(session_token_hash bytea, proof_age interval, which uuid) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    person record;
begin
    perform app.require_proof(session_token_hash, proof_age);
    select users.role, users.gym_id into person from public.users where users.id = which;
    if not found or which = auth.uid() or not app.may_manage_user(person.role, person.gym_id) then
        return false;
    end if;
    update public.user_credentials as credentials
    set failed_attempts = 0, locked_until = null
    where credentials.user_id = which;
    update public.second_factors as factors
    set failed_attempts = 0, locked_until = null
    where factors.user_id = which;
    perform app.audit(person.gym_id, 'user_unlocked', 'users', which::text, '{}'::jsonb);
    return true;
end
$$;

do $$
declare
    made regprocedure;
begin
    foreach made in array array[
        'app.require_proof(bytea, interval)',
        'app.people()',
        'app.keep_a_super_admin()',
        'app.invite_person(bytea, interval, text, text, text, uuid, uuid, bytea, interval)',
        'app.invite_person_again(bytea, interval, uuid, bytea, interval)',
        'app.change_person(bytea, interval, uuid, text, text, uuid, uuid)',
        'app.set_person_active(bytea, interval, uuid, boolean)',
        'app.reset_second_factor_of(bytea, interval, uuid)',
        'app.unlock_person(bytea, interval, uuid)'
    ]::regprocedure[]
    loop
        execute format('alter function %s owner to jarvis_definer', made);
        execute format('revoke execute on function %s from public', made);
    end loop;
end
$$;
-- What had no proof before goes through the functions above now.
revoke execute on function
    app.invite_user(text, text, text, uuid, uuid, bytea, interval),
    app.renew_invitation(uuid, bytea, interval),
    app.reset_second_factor(uuid)
    from jarvis_dashboard;
grant execute on function
    app.people(),
    app.invite_person(bytea, interval, text, text, text, uuid, uuid, bytea, interval),
    app.invite_person_again(bytea, interval, uuid, bytea, interval),
    app.change_person(bytea, interval, uuid, text, text, uuid, uuid),
    app.set_person_active(bytea, interval, uuid, boolean),
    app.reset_second_factor_of(bytea, interval, uuid),
    app.unlock_person(bytea, interval, uuid)
    to jarvis_dashboard;

reset role;
