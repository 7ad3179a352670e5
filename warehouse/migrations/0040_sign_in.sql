-- The managers' door: the only ways to a password hash and to a session row, one question each.

set local role jarvis_owner;

-- Reads what is needed to check one password, and counts the try before it is checked: guesses sent at the
-- same moment count too. The fifth wrong one in a row closes the account for fifteen minutes.
create function app.begin_sign_in(sign_in_email text)
returns table (user_id uuid, password_hash text, is_open boolean)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    tried record;
begin
    select users.id, users.gym_id, users.role, users.is_active, credentials.password_hash, credentials.locked_until
    into tried
    from public.users
    inner join public.user_credentials as credentials on credentials.user_id = users.id
    where users.email = lower(sign_in_email)
    for update of credentials;
    if not found then
        return;
    end if;
    if tried.locked_until > now() or not tried.is_active then
        return query select tried.id, tried.password_hash, false;
        return;
    end if;
    update public.user_credentials as credentials
    set failed_attempts = case when credentials.locked_until is null then credentials.failed_attempts + 1 else 1 end,
        locked_until = case
            when credentials.locked_until is null and credentials.failed_attempts >= 4 then now() + interval '15 minutes'
        end
    where credentials.user_id = tried.id;
    return query select tried.id, tried.password_hash, true;
end
$$;

-- Records a wrong password, and whether it closed the account.
create function app.fail_sign_in(person_id uuid) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.audit_log (gym_id, actor_user_id, actor_role, action, subject_table, subject_id)
    select
        users.gym_id, users.id, users.role,
        case when credentials.locked_until > now() then 'sign_in_locked' else 'sign_in_failed' end,
        'users', users.id::text
    from public.users
    inner join public.user_credentials as credentials on credentials.user_id = users.id
    where users.id = person_id;
end
$$;

-- Opens a session after a right password, and forgets the wrong ones before it. Expired rows of the same person go.
create function app.open_dashboard_session(person_id uuid, session_token_hash bytea, lifetime interval) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    person record;
begin
    select users.id, users.gym_id, users.role into person
    from public.users
    where users.id = person_id and users.is_active;
    if not found then
        return false;
    end if;
    update public.user_credentials as credentials
    set failed_attempts = 0, locked_until = null
    where credentials.user_id = person.id;
    delete from public.dashboard_sessions as sessions
    where sessions.user_id = person.id and sessions.expires_at < now() - interval '7 days';
    insert into public.dashboard_sessions (token_hash, user_id, expires_at)
    values (session_token_hash, person.id, now() + lifetime);
    insert into public.audit_log (gym_id, actor_user_id, actor_role, action, subject_table, subject_id)
    values (person.gym_id, person.id, person.role, 'signed_in', 'users', person.id::text);
    return true;
end
$$;

-- Who holds this session now; no row when it is unknown, revoked, too old, idle too long, or its person suspended.
create function app.resolve_dashboard_session(session_token_hash bytea, idle_limit interval, is_activity boolean)
returns table (
    user_id uuid, role text, full_name text, email text, gym_id uuid, gym_name text, franchise_id uuid,
    franchise_name text
)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    -- Once a minute at most: a page asks a hundred times while it loads.
    if is_activity then
        update public.dashboard_sessions as sessions
        set last_seen_at = now()
        where sessions.token_hash = session_token_hash
            and sessions.revoked_at is null
            and sessions.expires_at > now()
            and sessions.last_seen_at > now() - idle_limit
            and sessions.last_seen_at < now() - interval '1 minute';
    end if;
    return query
        select
            users.id, users.role, users.full_name, users.email, users.gym_id, gyms.name, users.franchise_id,
            franchises.name
        from public.dashboard_sessions as sessions
        inner join public.users on users.id = sessions.user_id
        left join public.gyms on gyms.id = users.gym_id
        left join public.franchises on franchises.id = users.franchise_id
        where sessions.token_hash = session_token_hash
            and sessions.revoked_at is null
            and sessions.expires_at > now()
            and sessions.last_seen_at > now() - idle_limit
            and users.is_active;
end
$$;

-- Ends one session at once; the row stays for the audit until it would have expired.
create function app.revoke_dashboard_session(session_token_hash bytea) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    holder_id uuid;
begin
    update public.dashboard_sessions as sessions
    set revoked_at = now()
    where sessions.token_hash = session_token_hash and sessions.revoked_at is null
    returning sessions.user_id into holder_id;
    if holder_id is null then
        return false;
    end if;
    insert into public.audit_log (gym_id, actor_user_id, actor_role, action, subject_table, subject_id)
    select users.gym_id, users.id, users.role, 'signed_out', 'users', users.id::text
    from public.users
    where users.id = holder_id;
    return true;
end
$$;

alter function app.begin_sign_in(text) owner to jarvis_definer;
alter function app.fail_sign_in(uuid) owner to jarvis_definer;
alter function app.open_dashboard_session(uuid, bytea, interval) owner to jarvis_definer;
alter function app.resolve_dashboard_session(bytea, interval, boolean) owner to jarvis_definer;
alter function app.revoke_dashboard_session(bytea) owner to jarvis_definer;

revoke execute on function
    app.begin_sign_in(text), app.fail_sign_in(uuid), app.open_dashboard_session(uuid, bytea, interval),
    app.resolve_dashboard_session(bytea, interval, boolean), app.revoke_dashboard_session(bytea)
    from public;
grant execute on function
    app.begin_sign_in(text), app.fail_sign_in(uuid), app.open_dashboard_session(uuid, bytea, interval),
    app.resolve_dashboard_session(bytea, interval, boolean), app.revoke_dashboard_session(bytea)
    to jarvis_dashboard;

reset role;
