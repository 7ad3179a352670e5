-- A right password opens a session again, and nothing more is asked; those that wait for a code end.
drop trigger sessions_end_with_the_rights on public.users;
drop function app.end_sessions_of_the_changed();
drop function app.revoke_own_sessions(bytea, uuid);
drop function app.own_sessions(bytea, interval);
drop function app.change_own_password(bytea, bytea, text, interval, interval);
drop function app.drop_second_factor(bytea, bytea, interval, interval);
drop function app.replace_recovery_codes(bytea, bytea, bytea[], interval, interval);
drop function app.confirm_second_factor(bytea, bytea, bigint, bytea[], interval, interval);
drop function app.offered_second_factor(bytea, interval);
drop function app.offer_second_factor(bytea, bytea, interval);
drop function app.proven_session(bytea, interval);
drop function app.prove_session(bytea, bytea, interval);
drop function app.spend_recovery_code(bytea, bytea, bytea, interval);
drop function app.pass_second_factor(bytea, bytea, bigint, interval);
drop function app.fail_second_factor(bytea);
drop function app.begin_second_factor(bytea);
drop function app.visit_dashboard_session(bytea, interval, interval);
drop function app.open_dashboard_session(uuid, bytea, interval, text, text);
drop function app.revoke_sessions_but(uuid, uuid);
drop function app.renew_session(bytea, bytea, interval);
drop function app.held_session(bytea);
drop function app.wait_after(integer);
drop function app.audit_sign_in(uuid, text, jsonb);

set local role jarvis_owner;
delete from public.dashboard_sessions where stage <> 'open';
drop table public.recovery_codes;
drop table public.second_factors;

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
create or replace function app.resolve_dashboard_session(session_token_hash bytea, idle_limit interval, is_activity boolean)
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

alter table public.dashboard_sessions
    drop column network,
    drop column device,
    drop column proven_at,
    drop column stage,
    drop column id;

alter function app.open_dashboard_session(uuid, bytea, interval) owner to jarvis_definer;
revoke execute on function app.open_dashboard_session(uuid, bytea, interval) from public;
grant execute on function app.open_dashboard_session(uuid, bytea, interval) to jarvis_dashboard;

reset role;
