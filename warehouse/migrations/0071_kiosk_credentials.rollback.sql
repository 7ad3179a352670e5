-- Takes tries a code, renewed tokens and told revocations away again.
set local role jarvis_owner;

drop trigger removal_is_told on public.kiosk_credentials;
drop trigger revocation_is_told on public.kiosk_credentials;
drop function app.tell_of_revocation();
drop function app.standing_tokens(bytea[]);
drop function app.rotate_kiosk_token(bytea, bytea, integer);
drop function app.claim_kiosk(text, bytea, bytea, text, text, jsonb);
revoke delete on app.provisioning_failures from jarvis_definer;

-- The kiosk that holds a device token; no row when the token is unknown or revoked.
create or replace function app.kiosk_of_token(token_hash bytea)
returns table (kiosk_id uuid, gym_id uuid, slug text, name text, language text, voice_model text, openai_model text)
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
    select kiosks.id, kiosks.gym_id, kiosks.slug, kiosks.name, kiosks.language, kiosks.voice_model, kiosks.openai_model
    from public.kiosk_credentials as credentials
    inner join public.kiosks on credentials.kiosk_id = kiosks.id
    where credentials.secret_hash = token_hash
        and credentials.kind = 'token'
        and credentials.revoked_at is null
        and (credentials.expires_at is null or credentials.expires_at > now());
end;

-- Redeems a provisioning code once; answers no row when it is unknown, expired, used or the address tried too often.
create function app.claim_kiosk(
    code_hash bytea, new_token_hash bytea, claiming_device_id text, claiming_ip text, claiming_hardware jsonb
) returns table (kiosk_id uuid, gym_id uuid, slug text, name text)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    claimed public.kiosk_credentials;
begin
    -- 5 wrong codes from one address, or 50 from anywhere, in ten minutes close the door for the rest of them.
    if (
        select count(*) filter (where failures.ip = claiming_ip) >= 5 or count(*) >= 50
        from app.provisioning_failures as failures
        where failures.failed_at > now() - interval '10 minutes'
    ) then
        return;
    end if;
    update public.kiosk_credentials as credentials
    set used_at = now()
    where credentials.secret_hash = code_hash
        and credentials.kind = 'code'
        and credentials.used_at is null
        and credentials.revoked_at is null
        and credentials.expires_at > now()
    returning credentials.* into claimed;
    if claimed.id is null then
        insert into app.provisioning_failures (ip) values (claiming_ip);
        return;
    end if;
    update public.kiosk_credentials as credentials
    set revoked_at = now()
    where credentials.kiosk_id = claimed.kiosk_id and credentials.kind = 'token' and credentials.revoked_at is null;
    insert into public.kiosk_credentials (gym_id, kiosk_id, kind, secret_hash)
    values (claimed.gym_id, claimed.kiosk_id, 'token', new_token_hash);
    return query
        update public.kiosks as kiosks
        set device_id = claiming_device_id,
            hardware_info = claiming_hardware,
            last_seen_ip = claiming_ip,
            status = 'offline',
            updated_at = now()
        where kiosks.id = claimed.kiosk_id
        returning kiosks.id, kiosks.gym_id, kiosks.slug, kiosks.name;
end
$$;

alter function app.claim_kiosk(bytea, bytea, text, text, jsonb) owner to jarvis_definer;
revoke execute on function app.claim_kiosk(bytea, bytea, text, text, jsonb) from public;
grant execute on function app.claim_kiosk(bytea, bytea, text, text, jsonb) to jarvis_gateway;

drop index public.kiosk_tokens_by_predecessor;
drop index public.kiosk_codes_by_lookup;
-- A token that was replaced must not open the door again.
delete from public.kiosk_credentials where replaced_at is not null;
alter table public.kiosk_credentials
    drop column replaced_at, drop column replaces_hash, drop column tried_count, drop column lookup, drop column holder;

reset role;
