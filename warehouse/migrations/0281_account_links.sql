-- Links that set a password, sent to the person's own address; and waits that grow, for accounts and for addresses.

set local role jarvis_owner;

create table public.account_links (
    -- SHA-256 of the link's 256-bit token: a copy of this table sets no password.
    token_hash bytea primary key constraint account_link_hash_is_sha256 check (octet_length(token_hash) = 32),
    user_id uuid not null references public.users (id) on delete cascade,
    purpose text not null
        constraint account_link_purpose_is_known check (purpose in ('invitation', 'password_reset')),
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    used_at timestamptz
);
create index account_links_by_user on public.account_links (user_id);
alter table public.account_links enable row level security;
alter table public.account_links force row level security;
grant select, insert, update, delete on public.account_links to jarvis_definer, jarvis_pipeline;

-- Unlogged: what a crash of the server forgets is an hour's worth.
create unlogged table app.sign_in_waits (
    -- Keyed with a key this database does not hold: an address cannot be guessed back.
    address_hash bytea primary key constraint address_hash_is_sha256 check (octet_length(address_hash) = 32),
    failed_count integer not null,
    locked_until timestamptz,
    last_failed_at timestamptz not null default now()
);
create index sign_in_waits_by_time on app.sign_in_waits (last_failed_at);
alter table app.sign_in_waits enable row level security;
alter table app.sign_in_waits force row level security;
grant select, insert, update, delete on app.sign_in_waits to jarvis_definer, jarvis_pipeline;

alter table public.user_credentials add column last_tried_at timestamptz;

-- Reads what is needed to check one password, and counts the try before it is checked: guesses sent at the same moment
-- count too. Each fifth wrong one in a row closes the account, for longer each time; a quiet day forgets them.
create or replace function app.begin_sign_in(sign_in_email text)
returns table (user_id uuid, password_hash text, is_open boolean)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    tried record;
    wrong_in_a_row integer;
begin
    select
        users.id, users.is_active, credentials.password_hash, credentials.locked_until, credentials.failed_attempts,
        credentials.last_tried_at
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
    wrong_in_a_row := 1 + case
        when tried.last_tried_at > now() - interval '24 hours' then tried.failed_attempts else 0
    end;
    update public.user_credentials as credentials
    set failed_attempts = wrong_in_a_row,
        locked_until = now() + app.wait_after(wrong_in_a_row),
        last_tried_at = now()
    where credentials.user_id = tried.id;
    return query select tried.id, tried.password_hash, true;
end
$$;

drop function app.fail_sign_in(uuid);

-- Records a wrong password, and whether it closed the account; without a person, an e-mail that nobody has.
create function app.fail_sign_in(person_id uuid, from_device text, from_network text) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    more jsonb := jsonb_strip_nulls(jsonb_build_object('network', from_network, 'device', from_device));
begin
    if person_id is null then
        insert into public.audit_log (actor_role, action, subject_table, subject_id, details)
        values ('nobody', 'sign_in_unknown', 'users', 'unknown', more);
        return;
    end if;
    perform app.audit_sign_in(
        person_id,
        case
            when exists (
                select from public.user_credentials as credentials
                where credentials.user_id = person_id and credentials.locked_until > now()
            ) then 'sign_in_locked' else 'sign_in_failed'
        end,
        more
    );
end
$$;

-- Seconds an address has to wait before its next try; 0 where it may try now.
create function app.address_wait(of_address bytea) returns double precision
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
    select coalesce(
        (
            select greatest(extract(epoch from waits.locked_until - now()), 0)
            from app.sign_in_waits as waits
            where waits.address_hash = of_address
        ),
        0
    )::double precision;
end;

-- Counts a refused sign-in of an address, whatever the account: each twentieth within quiet hours closes it, for a
-- minute, two, four, an hour at most.
create function app.fail_address(of_address bytea) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into app.sign_in_waits as waits (address_hash, failed_count) values (of_address, 1)
    on conflict (address_hash) do update
    set failed_count = case
            when waits.last_failed_at < now() - interval '3 hours' then 1 else waits.failed_count + 1
        end,
        last_failed_at = now();
    update app.sign_in_waits as waits
    set locked_until = now()
        + least(interval '1 minute' * (2 ^ least(waits.failed_count / 20 - 1, 10)), interval '1 hour')
    where waits.address_hash = of_address and waits.failed_count % 20 = 0;
    -- Whoever fails clears away more than one that is over, so the table needs no job to stay small.
    delete from app.sign_in_waits as waits
    where waits.address_hash in (
        select over.address_hash
        from app.sign_in_waits as over
        where over.last_failed_at < now() - interval '3 hours'
        order by over.last_failed_at
        limit 4
        for update skip locked
    );
end
$$;

-- A link for the person with this e-mail, replacing those before it; no row where there is nobody to send it to.
create function app.issue_password_reset(
    reset_email text, link_hash bytea, valid_for interval, from_device text, from_network text
) returns table (email text, full_name text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    person record;
begin
    select users.id, users.email, users.full_name into person
    from public.users
    inner join public.user_credentials as credentials on credentials.user_id = users.id
    where users.email = lower(reset_email) and users.is_active;
    if not found then
        return;
    end if;
    delete from public.account_links as links
    where links.user_id = person.id and links.purpose = 'password_reset' and links.used_at is null;
    insert into public.account_links (token_hash, user_id, purpose, expires_at)
    values (link_hash, person.id, 'password_reset', now() + valid_for);
    perform app.audit_sign_in(
        person.id, 'password_reset_asked', jsonb_build_object('network', from_network, 'device', from_device)
    );
    return query select person.email, person.full_name;
end
$$;

-- Whose link this is and what for; no row where it is unknown, used, too old, or its person suspended.
create function app.read_account_link(link_hash bytea) returns table (email text, full_name text, purpose text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
    select users.email, users.full_name, links.purpose
    from public.account_links as links
    inner join public.users on users.id = links.user_id and users.is_active
    where links.token_hash = link_hash and links.used_at is null and links.expires_at > now();
end;

-- The person's password is this one: the link is spent, with every other of theirs, and every session is over. The
-- second factor stays: who reads the mail still has no code.
create function app.use_account_link(
    link_hash bytea, new_password_hash text, from_device text, from_network text
) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    used record;
begin
    update public.account_links as links
    set used_at = now()
    from public.users
    where links.token_hash = link_hash
        and links.used_at is null
        and links.expires_at > now()
        and users.id = links.user_id
        and users.is_active
    returning links.user_id, links.purpose into used;
    if not found then
        return false;
    end if;
    update public.account_links as links
    set used_at = now()
    where links.user_id = used.user_id and links.used_at is null;
    insert into public.user_credentials as credentials (user_id, password_hash) values (used.user_id, new_password_hash)
    on conflict (user_id) do update
    set password_hash = excluded.password_hash, failed_attempts = 0, locked_until = null, updated_at = now();
    perform app.revoke_sessions_but(used.user_id, null);
    perform app.audit_sign_in(
        used.user_id,
        case used.purpose when 'invitation' then 'invitation_accepted' else 'password_reset' end,
        jsonb_build_object('network', from_network, 'device', from_device)
    );
    return true;
end
$$;

-- Somebody new, who sets their own password by the link; only those whom one may manage.
create function app.invite_user(
    new_email text, new_full_name text, new_role text, in_franchise uuid, in_gym uuid, link_hash bytea,
    valid_for interval
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
    insert into public.account_links (token_hash, user_id, purpose, expires_at)
    values (link_hash, made, 'invitation', now() + valid_for);
    perform app.audit(in_gym, 'user_invited', 'users', made::text, jsonb_build_object('role', new_role));
    return made;
end
$$;

-- A new link for somebody who has not set a password yet, replacing the one before. False: there is nobody like that.
create function app.renew_invitation(which uuid, link_hash bytea, valid_for interval) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    invited record;
begin
    select users.id, users.role, users.gym_id into invited
    from public.users
    where users.id = which
        and users.is_active
        and not exists (select from public.user_credentials as credentials where credentials.user_id = users.id);
    if not found or not app.may_manage_user(invited.role, invited.gym_id) then
        return false;
    end if;
    delete from public.account_links as links where links.user_id = which and links.used_at is null;
    insert into public.account_links (token_hash, user_id, purpose, expires_at)
    values (link_hash, which, 'invitation', now() + valid_for);
    perform app.audit(invited.gym_id, 'user_invited', 'users', which::text, jsonb_build_object('role', invited.role));
    return true;
end
$$;

-- The way back for somebody who lost the telephone and the recovery codes: whoever manages them takes both away, and
-- every session. Nobody does it for themselves.
create function app.reset_second_factor(which uuid) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    person record;
begin
    select users.id, users.role, users.gym_id into person from public.users where users.id = which;
    if not found or which = auth.uid() or not app.may_manage_user(person.role, person.gym_id) then
        return false;
    end if;
    delete from public.second_factors as factors where factors.user_id = which;
    delete from public.recovery_codes as codes where codes.user_id = which;
    update public.users set mfa_enabled = false where users.id = which;
    perform app.revoke_sessions_but(which, null);
    perform app.audit(person.gym_id, 'second_factor_reset', 'users', which::text, '{}'::jsonb);
    return true;
end
$$;

do $$
declare
    made regprocedure;
begin
    foreach made in array array[
        'app.fail_sign_in(uuid, text, text)',
        'app.address_wait(bytea)',
        'app.fail_address(bytea)',
        'app.issue_password_reset(text, bytea, interval, text, text)',
        'app.read_account_link(bytea)',
        'app.use_account_link(bytea, text, text, text)',
        'app.invite_user(text, text, text, uuid, uuid, bytea, interval)',
        'app.renew_invitation(uuid, bytea, interval)',
        'app.reset_second_factor(uuid)'
    ]::regprocedure[]
    loop
        execute format('alter function %s owner to jarvis_definer', made);
        execute format('revoke execute on function %s from public', made);
    end loop;
end
$$;
grant execute on function
    app.fail_sign_in(uuid, text, text),
    app.address_wait(bytea),
    app.fail_address(bytea),
    app.issue_password_reset(text, bytea, interval, text, text),
    app.read_account_link(bytea),
    app.use_account_link(bytea, text, text, text),
    app.invite_user(text, text, text, uuid, uuid, bytea, interval),
    app.renew_invitation(uuid, bytea, interval),
    app.reset_second_factor(uuid),
    app.take_token(text, integer, integer)
    to jarvis_dashboard;

reset role;
