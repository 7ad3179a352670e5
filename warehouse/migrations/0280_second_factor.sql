-- What a session is worth before its second factor: a right password alone opens no page where a code is due.

set local role jarvis_owner;

alter table public.dashboard_sessions
    -- Names a session in its person's own list; it opens nothing.
    add column id uuid not null default gen_random_uuid() constraint dashboard_session_handle_is_unique unique,
    add column stage text not null default 'open'
        constraint dashboard_session_stage_is_known check (stage in ('open', 'awaits_code', 'awaits_enrolment')),
    -- When the person last proved who they are.
    add column proven_at timestamptz not null default now(),
    -- Such as « Firefox sous Linux », for the person to know it again.
    add column device text constraint session_device_is_short check (length(device) <= 80),
    -- The network an address belongs to, never the whole address.
    add column network text constraint session_network_is_short check (length(network) <= 50);

create table public.second_factors (
    user_id uuid primary key references public.users (id) on delete cascade,
    -- Encrypted with a key this database does not hold; null until a first code has proven it.
    secret bytea,
    -- Shown to the person, not proven yet.
    offered_secret bytea,
    -- Each code is good once: only a later step is taken.
    last_step bigint not null default 0,
    failed_attempts integer not null default 0,
    locked_until timestamptz,
    updated_at timestamptz not null default now()
);
alter table public.second_factors enable row level security;
alter table public.second_factors force row level security;

create table public.recovery_codes (
    user_id uuid not null references public.users (id) on delete cascade,
    -- Keyed with a key this database does not hold.
    code_hash bytea not null constraint recovery_code_hash_is_sha256 check (octet_length(code_hash) = 32),
    created_at timestamptz not null default now(),
    used_at timestamptz,
    primary key (user_id, code_hash)
);
alter table public.recovery_codes enable row level security;
alter table public.recovery_codes force row level security;

grant select, insert, update, delete on public.second_factors, public.recovery_codes to jarvis_definer, jarvis_pipeline;

-- Every step of signing in, with the actor as the subject; networks and devices only, no address and no e-mail.
create function app.audit_sign_in(person_id uuid, what text, more jsonb) returns void
language sql security definer
set search_path = pg_catalog, pg_temp
begin atomic
    insert into public.audit_log (gym_id, actor_user_id, actor_role, action, subject_table, subject_id, details)
    select users.gym_id, users.id, users.role, what, 'users', users.id::text, jsonb_strip_nulls(more)
    from public.users
    where users.id = person_id;
end;

-- Five wrong ones close for 15 minutes, ten for 30, and so on, a day at most.
create function app.wait_after(wrong_in_a_row integer) returns interval
language sql immutable
set search_path = pg_catalog, pg_temp
return case
    when wrong_in_a_row > 0 and wrong_in_a_row % 5 = 0
        then least(interval '15 minutes' * (2 ^ least(wrong_in_a_row / 5 - 1, 10)), interval '24 hours')
end;

-- The session somebody acts with, held until the transaction ends; no row where it opens nothing any more.
create function app.held_session(session_token_hash bytea) returns setof public.dashboard_sessions
language sql security definer
set search_path = pg_catalog, pg_temp
begin atomic
    select sessions.*
    from public.dashboard_sessions as sessions
    inner join public.users on users.id = sessions.user_id and users.is_active
    where sessions.token_hash = session_token_hash and sessions.revoked_at is null and sessions.expires_at > now()
    for update of sessions;
end;

-- The same session under a new token: whoever knew the one before holds nothing. It is open and freshly proven.
create function app.renew_session(session_token_hash bytea, new_token_hash bytea, lifetime interval) returns void
language sql security definer
set search_path = pg_catalog, pg_temp
begin atomic
    update public.dashboard_sessions as sessions
    set token_hash = new_token_hash,
        stage = 'open',
        proven_at = now(),
        last_seen_at = now(),
        expires_at = sessions.created_at + lifetime
    where sessions.token_hash = session_token_hash;
    -- A right password counted as a try, too.
    update public.user_credentials as credentials
    set failed_attempts = 0, locked_until = null
    from public.dashboard_sessions as sessions
    where sessions.token_hash = new_token_hash and credentials.user_id = sessions.user_id;
end;

create function app.revoke_sessions_but(person_id uuid, kept_session uuid) returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    revoked integer;
begin
    update public.dashboard_sessions as sessions
    set revoked_at = now()
    where sessions.user_id = person_id and sessions.id is distinct from kept_session and sessions.revoked_at is null;
    get diagnostics revoked = row_count;
    return revoked;
end
$$;

drop function app.open_dashboard_session(uuid, bytea, interval);

-- Opens a session after a right password. Answers what is still asked of the person, null where they may have none.
create function app.open_dashboard_session(
    person_id uuid, session_token_hash bytea, lifetime interval, from_device text, from_network text
) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    person record;
    begins_as text;
begin
    select users.id, users.role, factors.secret is not null as has_second_factor
    into person
    from public.users
    left join public.second_factors as factors on factors.user_id = users.id
    where users.id = person_id and users.is_active;
    if not found then
        return null;
    end if;
    begins_as := case
        when person.has_second_factor then 'awaits_code'
        -- Whoever runs the network reaches nothing with a password alone.
        when person.role = 'super_admin' then 'awaits_enrolment'
        else 'open'
    end;
    update public.user_credentials as credentials
    set failed_attempts = 0, locked_until = null
    where credentials.user_id = person.id;
    delete from public.dashboard_sessions as sessions
    where sessions.user_id = person.id and sessions.expires_at < now() - interval '7 days';
    insert into public.dashboard_sessions (token_hash, user_id, expires_at, stage, device, network)
    values (
        session_token_hash, person.id,
        now() + case when begins_as = 'open' then lifetime else least(lifetime, interval '15 minutes') end,
        begins_as, left(from_device, 80), left(from_network, 50)
    );
    perform app.audit_sign_in(
        person.id,
        case when begins_as = 'open' then 'signed_in' else 'password_accepted' end,
        jsonb_build_object('network', from_network, 'device', from_device)
    );
    return begins_as;
end
$$;

-- Who holds this session now; no row when it is unknown, revoked, too old, idle too long, not open yet, or its person
-- suspended.
create or replace function app.resolve_dashboard_session(
    session_token_hash bytea, idle_limit interval, is_activity boolean
)
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
            and sessions.stage = 'open'
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
            and sessions.stage = 'open'
            and sessions.revoked_at is null
            and sessions.expires_at > now()
            and sessions.last_seen_at > now() - idle_limit
            and users.is_active;
end
$$;

-- What the sign-in's own pages need to know of a session at any stage; no row where it opens nothing.
create function app.visit_dashboard_session(session_token_hash bytea, idle_limit interval, proof_age interval)
returns table (
    session_id uuid, user_id uuid, email text, full_name text, role text, stage text, is_proven boolean,
    has_password boolean, has_second_factor boolean, recovery_codes_left bigint
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
        )
    from public.dashboard_sessions as sessions
    inner join public.users on users.id = sessions.user_id and users.is_active
    where sessions.token_hash = session_token_hash
        and sessions.revoked_at is null
        and sessions.expires_at > now()
        and sessions.last_seen_at > now() - idle_limit;
end;

-- Reads what is needed to check one code, and counts the try before it is checked.
create function app.begin_second_factor(session_token_hash bytea)
returns table (secret bytea, last_step bigint, is_open boolean)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    tried record;
begin
    select factors.user_id, factors.secret, factors.last_step, factors.failed_attempts, factors.locked_until
    into tried
    from app.held_session(session_token_hash) as sessions
    inner join public.second_factors as factors on factors.user_id = sessions.user_id
    where factors.secret is not null
    for update of factors;
    if not found then
        return;
    end if;
    if tried.locked_until > now() then
        return query select tried.secret, tried.last_step, false;
        return;
    end if;
    update public.second_factors as factors
    set failed_attempts = tried.failed_attempts + 1,
        locked_until = now() + app.wait_after(tried.failed_attempts + 1)
    where factors.user_id = tried.user_id;
    return query select tried.secret, tried.last_step, true;
end
$$;

-- Records a wrong code, and whether it closed the account's second factor.
create function app.fail_second_factor(session_token_hash bytea) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    session public.dashboard_sessions;
begin
    select * into session from app.held_session(session_token_hash);
    perform app.audit_sign_in(
        session.user_id,
        case
            when exists (
                select from public.second_factors as factors
                where factors.user_id = session.user_id and factors.locked_until > now()
            ) then 'code_locked' else 'code_failed'
        end,
        jsonb_build_object('network', session.network, 'device', session.device)
    );
end
$$;

-- The code of this step was right: it is spent, and the session opens under a new token. False for a spent one.
create function app.pass_second_factor(
    session_token_hash bytea, new_token_hash bytea, step bigint, lifetime interval
) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    session public.dashboard_sessions;
begin
    select * into session from app.held_session(session_token_hash);
    update public.second_factors as factors
    set last_step = step, failed_attempts = 0, locked_until = null
    where factors.user_id = session.user_id and factors.secret is not null and factors.last_step < step;
    if not found then
        return false;
    end if;
    perform app.renew_session(session_token_hash, new_token_hash, lifetime);
    perform app.audit_sign_in(
        session.user_id, case when session.stage = 'open' then 'identity_confirmed' else 'signed_in' end,
        jsonb_build_object('network', session.network, 'device', session.device, 'by', 'code')
    );
    return true;
end
$$;

-- The same with one of the codes kept for the day the telephone is lost.
create function app.spend_recovery_code(
    session_token_hash bytea, new_token_hash bytea, spent_hash bytea, lifetime interval
) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    session public.dashboard_sessions;
begin
    select * into session from app.held_session(session_token_hash);
    update public.recovery_codes as codes
    set used_at = now()
    where codes.user_id = session.user_id and codes.code_hash = spent_hash and codes.used_at is null;
    if not found then
        return false;
    end if;
    update public.second_factors as factors
    set failed_attempts = 0, locked_until = null
    where factors.user_id = session.user_id;
    perform app.renew_session(session_token_hash, new_token_hash, lifetime);
    perform app.audit_sign_in(
        session.user_id, case when session.stage = 'open' then 'identity_confirmed' else 'signed_in' end,
        jsonb_build_object('network', session.network, 'device', session.device, 'by', 'recovery_code')
    );
    return true;
end
$$;

-- A right password again, where no code is due: the session is freshly proven under a new token.
create function app.prove_session(session_token_hash bytea, new_token_hash bytea, lifetime interval) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    session public.dashboard_sessions;
begin
    select * into session from app.held_session(session_token_hash);
    if session.stage is distinct from 'open' or exists (
        select from public.second_factors as factors
        where factors.user_id = session.user_id and factors.secret is not null
    ) then
        return false;
    end if;
    perform app.renew_session(session_token_hash, new_token_hash, lifetime);
    perform app.audit_sign_in(
        session.user_id, 'identity_confirmed',
        jsonb_build_object('network', session.network, 'device', session.device, 'by', 'password')
    );
    return true;
end
$$;

-- The session whose person may change how they sign in: proven just now, or here to set up what is forced on them.
create function app.proven_session(session_token_hash bytea, proof_age interval)
returns setof public.dashboard_sessions
language sql security definer
set search_path = pg_catalog, pg_temp
begin atomic
    select sessions.*
    from app.held_session(session_token_hash) as sessions
    where (sessions.stage = 'open' and sessions.proven_at > now() - proof_age)
        or sessions.stage = 'awaits_enrolment';
end;

-- Keeps a secret that is shown to the person until a code proves that they have it. False: not proven who they are.
create function app.offer_second_factor(session_token_hash bytea, new_secret bytea, proof_age interval) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    session public.dashboard_sessions;
begin
    select * into session from app.proven_session(session_token_hash, proof_age);
    if session.id is null then
        return false;
    end if;
    insert into public.second_factors as factors (user_id, offered_secret) values (session.user_id, new_secret)
    on conflict (user_id) do update set offered_secret = excluded.offered_secret, updated_at = now();
    return true;
end
$$;

create function app.offered_second_factor(session_token_hash bytea, proof_age interval) returns bytea
language sql security definer
set search_path = pg_catalog, pg_temp
begin atomic
    select factors.offered_secret
    from app.proven_session(session_token_hash, proof_age) as sessions
    inner join public.second_factors as factors on factors.user_id = sessions.user_id;
end;

-- A first code was right: the offered secret holds, with new recovery codes, and every other session is over.
create function app.confirm_second_factor(
    session_token_hash bytea, new_token_hash bytea, step bigint, code_hashes bytea[], lifetime interval,
    proof_age interval
) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    session public.dashboard_sessions;
begin
    select * into session from app.proven_session(session_token_hash, proof_age);
    update public.second_factors as factors
    set secret = factors.offered_secret, offered_secret = null, last_step = step, failed_attempts = 0,
        locked_until = null, updated_at = now()
    where factors.user_id = session.user_id and factors.offered_secret is not null;
    if not found then
        return false;
    end if;
    update public.users set mfa_enabled = true where users.id = session.user_id;
    delete from public.recovery_codes as codes where codes.user_id = session.user_id;
    insert into public.recovery_codes (user_id, code_hash) select session.user_id, unnest(code_hashes);
    perform app.revoke_sessions_but(session.user_id, session.id);
    perform app.renew_session(session_token_hash, new_token_hash, lifetime);
    perform app.audit_sign_in(
        session.user_id, 'second_factor_enabled',
        jsonb_build_object('network', session.network, 'device', session.device)
    );
    return true;
end
$$;

create function app.replace_recovery_codes(
    session_token_hash bytea, new_token_hash bytea, code_hashes bytea[], lifetime interval, proof_age interval
) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    session public.dashboard_sessions;
begin
    select * into session from app.proven_session(session_token_hash, proof_age);
    if session.stage is distinct from 'open' or not exists (
        select from public.second_factors as factors
        where factors.user_id = session.user_id and factors.secret is not null
    ) then
        return false;
    end if;
    delete from public.recovery_codes as codes where codes.user_id = session.user_id;
    insert into public.recovery_codes (user_id, code_hash) select session.user_id, unnest(code_hashes);
    perform app.renew_session(session_token_hash, new_token_hash, lifetime);
    perform app.audit_sign_in(
        session.user_id, 'recovery_codes_replaced',
        jsonb_build_object('network', session.network, 'device', session.device)
    );
    return true;
end
$$;

-- Takes the second factor away, where the role may do without; every other session is over.
create function app.drop_second_factor(
    session_token_hash bytea, new_token_hash bytea, lifetime interval, proof_age interval
) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    session public.dashboard_sessions;
begin
    select * into session from app.proven_session(session_token_hash, proof_age);
    if session.stage is distinct from 'open' or exists (
        select from public.users where users.id = session.user_id and users.role = 'super_admin'
    ) then
        return false;
    end if;
    delete from public.second_factors as factors where factors.user_id = session.user_id;
    delete from public.recovery_codes as codes where codes.user_id = session.user_id;
    update public.users set mfa_enabled = false where users.id = session.user_id;
    perform app.revoke_sessions_but(session.user_id, session.id);
    perform app.renew_session(session_token_hash, new_token_hash, lifetime);
    perform app.audit_sign_in(
        session.user_id, 'second_factor_removed',
        jsonb_build_object('network', session.network, 'device', session.device)
    );
    return true;
end
$$;

-- A new password of one's own; every other session is over.
create function app.change_own_password(
    session_token_hash bytea, new_token_hash bytea, new_password_hash text, lifetime interval, proof_age interval
) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    session public.dashboard_sessions;
begin
    select * into session from app.proven_session(session_token_hash, proof_age);
    if session.stage is distinct from 'open' then
        return false;
    end if;
    insert into public.user_credentials as credentials (user_id, password_hash)
    values (session.user_id, new_password_hash)
    on conflict (user_id) do update
    set password_hash = excluded.password_hash, failed_attempts = 0, locked_until = null, updated_at = now();
    perform app.revoke_sessions_but(session.user_id, session.id);
    perform app.renew_session(session_token_hash, new_token_hash, lifetime);
    perform app.audit_sign_in(
        session.user_id, 'password_changed', jsonb_build_object('network', session.network, 'device', session.device)
    );
    return true;
end
$$;

-- The open sessions of the person who asks, theirs first, then the latest used.
create function app.own_sessions(session_token_hash bytea, idle_limit interval)
returns table (
    id uuid, is_this_one boolean, device text, network text, created_at timestamptz, last_seen_at timestamptz,
    expires_at timestamptz
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
    select
        theirs.id, theirs.id = asking.id, theirs.device, theirs.network, theirs.created_at, theirs.last_seen_at,
        theirs.expires_at
    from public.dashboard_sessions as asking
    inner join public.users on users.id = asking.user_id and users.is_active
    inner join public.dashboard_sessions as theirs on theirs.user_id = asking.user_id
    where asking.token_hash = session_token_hash
        and asking.stage = 'open'
        and asking.revoked_at is null
        and asking.expires_at > now()
        and theirs.stage = 'open'
        and theirs.revoked_at is null
        and theirs.expires_at > now()
        and theirs.last_seen_at > now() - idle_limit
    order by theirs.id = asking.id desc, theirs.last_seen_at desc;
end;

-- Ends one session of the person who asks, or all but theirs where none is named; how many there were.
create function app.revoke_own_sessions(session_token_hash bytea, which uuid) returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    session public.dashboard_sessions;
    revoked integer;
begin
    select * into session from app.held_session(session_token_hash);
    if session.stage is distinct from 'open' then
        return 0;
    end if;
    if which is null then
        revoked := app.revoke_sessions_but(session.user_id, session.id);
    else
        update public.dashboard_sessions as sessions
        set revoked_at = now()
        where sessions.id = which and sessions.user_id = session.user_id and sessions.revoked_at is null;
        get diagnostics revoked = row_count;
    end if;
    if revoked > 0 then
        perform app.audit_sign_in(
            session.user_id, 'sessions_revoked',
            jsonb_build_object('network', session.network, 'device', session.device, 'revoked_count', revoked)
        );
    end if;
    return revoked;
end
$$;

-- Another role or place, or a suspension: what somebody was let in as is over, whoever changes it and how.
create function app.end_sessions_of_the_changed() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform app.revoke_sessions_but(new.id, null);
    return null;
end
$$;
create trigger sessions_end_with_the_rights after update of role, gym_id, franchise_id, is_active on public.users
    for each row
    when (
        (old.role, old.gym_id, old.franchise_id) is distinct from (new.role, new.gym_id, new.franchise_id)
        or (old.is_active and not new.is_active)
    )
    execute function app.end_sessions_of_the_changed();

do $$
declare
    made regprocedure;
begin
    foreach made in array array[
        'app.audit_sign_in(uuid, text, jsonb)',
        'app.wait_after(integer)',
        'app.held_session(bytea)',
        'app.renew_session(bytea, bytea, interval)',
        'app.revoke_sessions_but(uuid, uuid)',
        'app.proven_session(bytea, interval)',
        'app.end_sessions_of_the_changed()',
        'app.open_dashboard_session(uuid, bytea, interval, text, text)',
        'app.visit_dashboard_session(bytea, interval, interval)',
        'app.begin_second_factor(bytea)',
        'app.fail_second_factor(bytea)',
        'app.pass_second_factor(bytea, bytea, bigint, interval)',
        'app.spend_recovery_code(bytea, bytea, bytea, interval)',
        'app.prove_session(bytea, bytea, interval)',
        'app.offer_second_factor(bytea, bytea, interval)',
        'app.offered_second_factor(bytea, interval)',
        'app.confirm_second_factor(bytea, bytea, bigint, bytea[], interval, interval)',
        'app.replace_recovery_codes(bytea, bytea, bytea[], interval, interval)',
        'app.drop_second_factor(bytea, bytea, interval, interval)',
        'app.change_own_password(bytea, bytea, text, interval, interval)',
        'app.own_sessions(bytea, interval)',
        'app.revoke_own_sessions(bytea, uuid)'
    ]::regprocedure[]
    loop
        execute format('alter function %s owner to jarvis_definer', made);
        execute format('revoke execute on function %s from public', made);
    end loop;
end
$$;
grant execute on function
    app.open_dashboard_session(uuid, bytea, interval, text, text),
    app.visit_dashboard_session(bytea, interval, interval),
    app.begin_second_factor(bytea),
    app.fail_second_factor(bytea),
    app.pass_second_factor(bytea, bytea, bigint, interval),
    app.spend_recovery_code(bytea, bytea, bytea, interval),
    app.prove_session(bytea, bytea, interval),
    app.offer_second_factor(bytea, bytea, interval),
    app.offered_second_factor(bytea, interval),
    app.confirm_second_factor(bytea, bytea, bigint, bytea[], interval, interval),
    app.replace_recovery_codes(bytea, bytea, bytea[], interval, interval),
    app.drop_second_factor(bytea, bytea, interval, interval),
    app.change_own_password(bytea, bytea, text, interval, interval),
    app.own_sessions(bytea, interval),
    app.revoke_own_sessions(bytea, uuid)
    to jarvis_dashboard;

reset role;
