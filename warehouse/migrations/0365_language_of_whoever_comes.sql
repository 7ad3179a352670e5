-- The sign-in's pages speak to a person in the language they chose, as the pages behind them do.

set local role jarvis_owner;

-- As in 0280 and 0281, and the language: null until they choose one. What a function returns can only be made anew.
drop function app.visit_dashboard_session(bytea, interval, interval);
create function app.visit_dashboard_session(session_token_hash bytea, idle_limit interval, proof_age interval)
returns table (
    session_id uuid, user_id uuid, email text, full_name text, role text, stage text, is_proven boolean,
    has_password boolean, has_second_factor boolean, recovery_codes_left bigint, language text
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
    select
        sessions.id, users.id, users.email, users.full_name, users.role, sessions.stage,
        sessions.stage = 'open' and sessions.proven_at > now() - proof_age,
        exists (select from public.user_credentials as credentials where credentials.user_id = users.id),
        exists (
            select from public.second_factors as factors where factors.user_id = users.id and factors.secret is not null
        ),
        (
            select count(*) from public.recovery_codes as codes
            where codes.user_id = users.id and codes.used_at is null
        ),
        users.language
    from public.dashboard_sessions as sessions
    inner join public.users on users.id = sessions.user_id and users.is_active
    where sessions.token_hash = session_token_hash
        and sessions.revoked_at is null
        and sessions.expires_at > now()
        and sessions.last_seen_at > now() - idle_limit;
end;

drop function app.read_account_link(bytea);
create function app.read_account_link(link_hash bytea)
returns table (email text, full_name text, purpose text, language text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
    select users.email, users.full_name, links.purpose, users.language
    from public.account_links as links
    inner join public.users on users.id = links.user_id and users.is_active
    where links.token_hash = link_hash and links.used_at is null and links.expires_at > now();
end;

alter function app.visit_dashboard_session(bytea, interval, interval) owner to jarvis_definer;
alter function app.read_account_link(bytea) owner to jarvis_definer;
revoke execute on function
    app.visit_dashboard_session(bytea, interval, interval),
    app.read_account_link(bytea)
    from public;
grant execute on function
    app.visit_dashboard_session(bytea, interval, interval),
    app.read_account_link(bytea)
    to jarvis_dashboard;

reset role;
