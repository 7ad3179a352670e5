-- Tries are counted a code, tokens are renewed without a gap, and a revocation is told to every gateway at once.

set local role jarvis_owner;

alter table public.kiosk_credentials
    -- The page in the kiosk's browser and the agent beside it each prove themselves: one is renewed without the other.
    add column holder text not null default 'page'
    constraint kiosk_credential_holder_is_known check (holder in ('page', 'agent')),
    -- The first two characters of a code, in clear: they say which code a wrong try was meant for.
    add column lookup text,
    add column tried_count integer not null default 0
    constraint tried_count_in_range check (tried_count between 0 and 5),
    -- The token that this one takes the place of, from its first use on.
    add column replaces_hash bytea,
    add column replaced_at timestamptz;
create index kiosk_codes_by_lookup on public.kiosk_credentials (lookup)
    where kind = 'code' and used_at is null and revoked_at is null;
create index kiosk_tokens_by_predecessor on public.kiosk_credentials (replaces_hash) where replaces_hash is not null;

drop function app.claim_kiosk(bytea, bytea, text, text, jsonb);

-- Redeems a provisioning code once; answers no row when it is unknown, expired, used or tried too often.
create function app.claim_kiosk(
    code_lookup text, code_hash bytea, new_token_hash bytea, claiming_device_id text, claiming_ip text,
    claiming_hardware jsonb
) returns table (kiosk_id uuid, gym_id uuid, slug text, name text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    claimed public.kiosk_credentials;
begin
    -- One after the other for each address: tries sent at the same moment count too.
    perform pg_advisory_xact_lock(hashtextextended('provisioning/' || claiming_ip, 0));
    delete from app.provisioning_failures where failed_at < now() - interval '1 hour';
    if (
        select count(*) >= 5
        from app.provisioning_failures as failures
        where failures.ip = claiming_ip and failures.failed_at > now() - interval '10 minutes'
    ) then
        return;
    end if;
    -- Every open code that the try was meant for counts it, and the one it hits is spent, in one statement.
    with tried as (
        update public.kiosk_credentials as credentials
        set tried_count = credentials.tried_count + 1,
            used_at = case when credentials.secret_hash = code_hash then now() end
        where credentials.lookup = code_lookup
            and credentials.kind = 'code'
            and credentials.used_at is null
            and credentials.revoked_at is null
            and credentials.expires_at > now()
            and credentials.tried_count < 5
        returning credentials.*
    )
    select tried.* into claimed from tried where tried.used_at is not null;
    if claimed.id is null then
        insert into app.provisioning_failures (ip) values (claiming_ip);
        return;
    end if;
    -- What another holder at this kiosk proves itself with stays; `jarvis kiosk revoke` ends all of it.
    update public.kiosk_credentials as credentials
    set revoked_at = now()
    where credentials.kiosk_id = claimed.kiosk_id
        and credentials.kind = 'token'
        and credentials.holder = claimed.holder
        and credentials.revoked_at is null;
    insert into public.kiosk_credentials (gym_id, kiosk_id, kind, secret_hash, holder, used_at)
    values (claimed.gym_id, claimed.kiosk_id, 'token', new_token_hash, claimed.holder, now());
    insert into public.audit_log (gym_id, actor_role, action, subject_table, subject_id, details)
    values (
        claimed.gym_id, session_user, 'kiosk_provisioned', 'kiosks', claimed.kiosk_id::text,
        jsonb_build_object('holder', claimed.holder)
    );
    return query
        update public.kiosks as kiosks
        set device_id = case when claimed.holder = 'page' then claiming_device_id else kiosks.device_id end,
            hardware_info = case when claimed.holder = 'page' then claiming_hardware else kiosks.hardware_info end,
            last_seen_ip = claiming_ip,
            status = case when kiosks.status in ('provisioning', 'error') then 'offline' else kiosks.status end,
            updated_at = now()
        where kiosks.id = claimed.kiosk_id
        returning kiosks.id, kiosks.gym_id, kiosks.slug, kiosks.name;
end
$$;

-- The kiosk that holds a device token; no row when the token is unknown, revoked, replaced or lapsed. The first use
-- of a renewed token ends the one it replaces: until then a kiosk that never got the answer is not locked out.
create or replace function app.kiosk_of_token(token_hash bytea)
returns table (kiosk_id uuid, gym_id uuid, slug text, name text, language text, voice_model text, openai_model text)
language plpgsql volatile security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    found public.kiosk_credentials;
begin
    select credentials.* into found
    from public.kiosk_credentials as credentials
    where credentials.secret_hash = token_hash
        and credentials.kind = 'token'
        and credentials.revoked_at is null
        and credentials.replaced_at is null
        and (credentials.expires_at is null or credentials.expires_at > now());
    if found.id is null then
        return;
    end if;
    if found.replaces_hash is not null and found.used_at is null then
        update public.kiosk_credentials as credentials
        set used_at = now(), expires_at = null
        where credentials.id = found.id;
        update public.kiosk_credentials as credentials
        set replaced_at = now()
        where credentials.secret_hash = found.replaces_hash and credentials.replaced_at is null;
    end if;
    return query
        select
            kiosks.id, kiosks.gym_id, kiosks.slug, kiosks.name, kiosks.language, kiosks.voice_model, kiosks.openai_model
        from public.kiosks
        where kiosks.id = found.kiosk_id;
end
$$;

-- Renews a token: the new one replaces the old with its first use, and lapses when it is not used in time.
create function app.rotate_kiosk_token(old_token_hash bytea, new_token_hash bytea, valid_seconds integer)
returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    old_token public.kiosk_credentials;
begin
    select credentials.* into old_token
    from public.kiosk_credentials as credentials
    where credentials.secret_hash = old_token_hash
        and credentials.kind = 'token'
        and credentials.revoked_at is null
        and credentials.replaced_at is null
        and (credentials.expires_at is null or credentials.expires_at > now())
    for update;
    if old_token.id is null then
        return false;
    end if;
    -- An answer that got lost on its way leaves a token that nobody knows.
    update public.kiosk_credentials as credentials
    set revoked_at = now()
    where credentials.replaces_hash = old_token_hash and credentials.used_at is null and credentials.revoked_at is null;
    insert into public.kiosk_credentials (gym_id, kiosk_id, kind, secret_hash, holder, replaces_hash, expires_at)
    values (
        old_token.gym_id, old_token.kiosk_id, 'token', new_token_hash, old_token.holder, old_token_hash,
        now() + make_interval(secs => valid_seconds)
    );
    insert into public.audit_log (gym_id, actor_role, action, subject_table, subject_id, details)
    values (
        old_token.gym_id, session_user, 'kiosk_token_rotated', 'kiosks', old_token.kiosk_id::text,
        jsonb_build_object('holder', old_token.holder)
    );
    return true;
end
$$;

-- Which of the tokens that open connections came in with still stand. Being replaced ends no connection; being revoked
-- does, and so does the end of the kiosk.
create function app.standing_tokens(token_hashes bytea[]) returns setof bytea
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
    select credentials.secret_hash
    from public.kiosk_credentials as credentials
    where credentials.secret_hash = any (token_hashes) and credentials.kind = 'token' and credentials.revoked_at is null;
end;

-- Every gateway hears of a revocation, whoever made it. Ids only: any role may listen.
create function app.tell_of_revocation() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform pg_notify('jarvis_kiosks', json_build_object('kind', 'revoked', 'kiosk_id', old.kiosk_id)::text);
    return null;
end
$$;
create trigger revocation_is_told after update of revoked_at on public.kiosk_credentials
    for each row when (old.kind = 'token' and old.revoked_at is null and new.revoked_at is not null)
    execute function app.tell_of_revocation();
create trigger removal_is_told after delete on public.kiosk_credentials
    for each row when (old.kind = 'token')
    execute function app.tell_of_revocation();

alter function app.claim_kiosk(text, bytea, bytea, text, text, jsonb) owner to jarvis_definer;
alter function app.rotate_kiosk_token(bytea, bytea, integer) owner to jarvis_definer;
alter function app.standing_tokens(bytea[]) owner to jarvis_definer;
alter function app.tell_of_revocation() owner to jarvis_definer;
grant delete on app.provisioning_failures to jarvis_definer;
revoke execute on function
    app.claim_kiosk(text, bytea, bytea, text, text, jsonb), app.rotate_kiosk_token(bytea, bytea, integer),
    app.standing_tokens(bytea[]), app.tell_of_revocation()
    from public;
grant execute on function
    app.claim_kiosk(text, bytea, bytea, text, text, jsonb), app.rotate_kiosk_token(bytea, bytea, integer),
    app.standing_tokens(bytea[])
    to jarvis_gateway;

reset role;
