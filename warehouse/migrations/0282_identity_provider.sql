-- Signing in through the franchise's own identity provider: its word stands in for the password, and gives no right.

set local role jarvis_owner;

-- Who a provider says somebody is: linked at their first sign-in by a verified e-mail, known by the subject ever after.
create table public.provider_identities (
    issuer text not null constraint issuer_is_short check (length(issuer) <= 300),
    subject text not null constraint subject_is_short check (length(subject) between 1 and 255),
    user_id uuid not null references public.users (id) on delete cascade,
    linked_at timestamptz not null default now(),
    primary key (issuer, subject),
    constraint one_subject_a_person unique (user_id, issuer)
);
alter table public.provider_identities enable row level security;
alter table public.provider_identities force row level security;
grant select, insert, update, delete on public.provider_identities to jarvis_definer, jarvis_pipeline;

-- Sign-ins under way, for ten minutes. Unlogged: what a crash of the server forgets is begun again.
create unlogged table app.provider_sign_ins (
    -- SHA-256 of what the provider hands back.
    state_hash bytea primary key constraint state_hash_is_sha256 check (octet_length(state_hash) = 32),
    -- SHA-256 of the cookie of the browser that began.
    browser_hash bytea not null constraint browser_hash_is_sha256 check (octet_length(browser_hash) = 32),
    nonce text not null,
    verifier text not null,
    asked text not null,
    -- The session that this proof is for, ended once it succeeds; null for a plain sign-in.
    proof_of bytea,
    begun_at timestamptz not null default now(),
    expires_at timestamptz not null
);
create index provider_sign_ins_by_end on app.provider_sign_ins (expires_at);
alter table app.provider_sign_ins enable row level security;
alter table app.provider_sign_ins force row level security;
grant select, insert, update, delete on app.provider_sign_ins to jarvis_definer, jarvis_pipeline;

create function app.begin_provider_sign_in(
    new_state_hash bytea, from_browser_hash bytea, new_nonce text, new_verifier text, asked_path text,
    proof_of_hash bytea, lifetime interval
) returns void
language sql security definer
set search_path = pg_catalog, pg_temp
begin atomic
    delete from app.provider_sign_ins as begun where begun.expires_at < now();
    insert into app.provider_sign_ins (state_hash, browser_hash, nonce, verifier, asked, proof_of, expires_at)
    values (
        new_state_hash, from_browser_hash, new_nonce, new_verifier, asked_path, proof_of_hash, now() + lifetime
    );
end;

-- What was kept for an answer, once: no row for a state that is unknown, used, too old, or another browser's.
create function app.take_provider_sign_in(of_state_hash bytea, from_browser_hash bytea)
returns table (nonce text, verifier text, asked text, proof_of bytea, begun_at timestamptz)
language sql security definer
set search_path = pg_catalog, pg_temp
begin atomic
    delete from app.provider_sign_ins as begun
    where begun.state_hash = of_state_hash
        and begun.browser_hash = from_browser_hash
        and begun.expires_at > now()
    returning begun.nonce, begun.verifier, begun.asked, begun.proof_of, begun.begun_at;
end;

-- Opens a session after a right password or a provider's word. Answers what is still asked of the person, null where
-- they may have none.
create function app.open_session_by(
    person_id uuid, session_token_hash bytea, lifetime interval, from_device text, from_network text, proven_by text
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
        -- Whoever runs the network reaches nothing with a password, or a provider's word, alone.
        when person.role = 'super_admin' then 'awaits_enrolment'
        else 'open'
    end;
    if proven_by = 'password' then
        update public.user_credentials as credentials
        set failed_attempts = 0, locked_until = null
        where credentials.user_id = person.id;
    end if;
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
        case when begins_as = 'open' then 'signed_in' else proven_by || '_accepted' end,
        jsonb_build_object(
            'network', from_network, 'device', from_device, 'by', nullif(proven_by, 'password')
        )
    );
    return begins_as;
end
$$;

create or replace function app.open_dashboard_session(
    person_id uuid, session_token_hash bytea, lifetime interval, from_device text, from_network text
) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    return app.open_session_by(person_id, session_token_hash, lifetime, from_device, from_network, 'password');
end
$$;

-- Opens a session for whom the provider names: the subject it is known by, or at first the e-mail it has verified.
-- Creates nobody and changes no right. Answers what is still asked, or why there is no session.
create function app.open_provider_session(
    of_issuer text, of_subject text, verified_email text, session_token_hash bytea, lifetime interval,
    from_device text, from_network text
) returns table (stage text, refusal text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    person uuid;
    is_new boolean := false;
    begins_as text;
begin
    select identities.user_id into person
    from public.provider_identities as identities
    where identities.issuer = of_issuer and identities.subject = of_subject;
    if person is null and verified_email is not null then
        select users.id into person
        from public.users
        where users.email = lower(verified_email) and users.is_active;
        if exists (
            select from public.provider_identities as identities
            where identities.user_id = person and identities.issuer = of_issuer
        ) then
            -- An address that the provider gave to somebody else since.
            perform app.audit_sign_in(
                person, 'provider_refused',
                jsonb_build_object('network', from_network, 'device', from_device, 'reason', 'other_subject')
            );
            return query select null::text, 'other_subject'::text;
            return;
        end if;
        is_new := person is not null;
    end if;
    if person is not null then
        if is_new then
            insert into public.provider_identities (issuer, subject, user_id) values (of_issuer, of_subject, person);
            perform app.audit_sign_in(
                person, 'provider_linked',
                jsonb_build_object('network', from_network, 'device', from_device, 'issuer', of_issuer)
            );
        end if;
        begins_as := app.open_session_by(
            person, session_token_hash, lifetime, from_device, from_network, 'provider'
        );
    end if;
    if begins_as is null then
        perform app.refuse_provider_sign_in(
            case when person is null and verified_email is null then 'unverified' else 'unknown' end,
            from_device, from_network
        );
        return query
            select null::text, case when person is null and verified_email is null then 'unverified' else 'unknown' end;
        return;
    end if;
    return query select begins_as, null::text;
end
$$;

-- An answer of the provider, or of somebody who poses as it, that let nobody in.
create function app.refuse_provider_sign_in(why text, from_device text, from_network text) returns void
language sql security definer
set search_path = pg_catalog, pg_temp
begin atomic
    insert into public.audit_log (actor_role, action, subject_table, subject_id, details)
    values (
        'nobody', 'provider_refused', 'users', 'unknown',
        jsonb_strip_nulls(
            jsonb_build_object('network', from_network, 'device', from_device, 'reason', left(why, 40))
        )
    );
end;

do $$
declare
    made regprocedure;
begin
    foreach made in array array[
        'app.begin_provider_sign_in(bytea, bytea, text, text, text, bytea, interval)',
        'app.take_provider_sign_in(bytea, bytea)',
        'app.open_session_by(uuid, bytea, interval, text, text, text)',
        'app.open_provider_session(text, text, text, bytea, interval, text, text)',
        'app.refuse_provider_sign_in(text, text, text)'
    ]::regprocedure[]
    loop
        execute format('alter function %s owner to jarvis_definer', made);
        execute format('revoke execute on function %s from public', made);
    end loop;
end
$$;
grant execute on function
    app.begin_provider_sign_in(bytea, bytea, text, text, text, bytea, interval),
    app.take_provider_sign_in(bytea, bytea),
    app.open_provider_session(text, text, text, bytea, interval, text, text),
    app.refuse_provider_sign_in(text, text, text)
    to jarvis_dashboard;

reset role;
