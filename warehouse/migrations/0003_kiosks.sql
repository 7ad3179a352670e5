-- Kiosks, how they prove who they are, and how they say that they are alive.

set local role jarvis_owner;

create table public.kiosks (
    id uuid primary key default gen_random_uuid(),
    gym_id uuid not null references public.gyms (id) on delete cascade,
    slug text not null,
    name text not null,
    status text not null default 'provisioning'
        constraint kiosk_status_is_known
        check (status in ('online', 'offline', 'error', 'provisioning', 'maintenance')),
    last_heartbeat timestamptz,
    last_seen_ip text,
    device_id text,
    hardware_info jsonb not null default '{}'::jsonb,
    software_version text,
    -- Null means the platform's setting: the seed's own default model no longer exists.
    voice_model text,
    language text not null default 'fr',
    openai_model text,
    location_in_gym text,
    notes text,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    -- Unique within the gym: a global key would tell one gym what another one calls its kiosks.
    constraint kiosk_slug_is_unique_in_its_gym unique (gym_id, slug),
    constraint kiosk_is_addressable_by_gym unique (gym_id, id),
    constraint kiosk_device_is_unique_in_its_gym unique (gym_id, device_id)
);
create index kiosks_by_status on public.kiosks (status);

-- Provisioning codes and device tokens; only hashes are kept, so a copy of this table opens no door.
create table public.kiosk_credentials (
    id uuid primary key default gen_random_uuid(),
    gym_id uuid not null,
    kiosk_id uuid not null,
    kind text not null constraint kiosk_credential_kind_is_known check (kind in ('code', 'token')),
    secret_hash bytea not null constraint kiosk_secret_is_unique unique,
    created_at timestamptz not null default now(),
    expires_at timestamptz,
    used_at timestamptz,
    revoked_at timestamptz,
    constraint kiosk_credential_belongs_to_a_kiosk_of_its_gym
        foreign key (gym_id, kiosk_id) references public.kiosks (gym_id, id) on delete cascade,
    constraint kiosk_secret_is_sha256 check (octet_length(secret_hash) = 32),
    constraint kiosk_code_expires check (kind <> 'code' or expires_at is not null)
);
create index kiosk_credentials_by_kiosk on public.kiosk_credentials (gym_id, kiosk_id);

-- Failed tries of provisioning codes, so that guessing is limited over all gateway processes.
create table app.provisioning_failures (
    id bigint generated always as identity primary key,
    ip text not null,
    failed_at timestamptz not null default now()
);
create index provisioning_failures_by_time on app.provisioning_failures (failed_at, ip);

create table public.kiosk_heartbeats (
    id bigint generated always as identity primary key,
    gym_id uuid not null,
    kiosk_id uuid not null,
    received_at timestamptz not null default now(),
    software_version text,
    microphone_ok boolean,
    reader_ok boolean,
    network_ms integer constraint network_ms_is_positive check (network_ms >= 0),
    details jsonb not null default '{}'::jsonb,
    constraint heartbeat_belongs_to_a_kiosk_of_its_gym
        foreign key (gym_id, kiosk_id) references public.kiosks (gym_id, id) on delete cascade
);
create index kiosk_heartbeats_by_kiosk on public.kiosk_heartbeats (gym_id, kiosk_id, received_at desc);

-- The kiosk of this transaction, set by the gateway after it has checked the device token.
create function app.kiosk_gym_ids() returns uuid[]
language sql stable security definer
set search_path = pg_catalog, pg_temp
return (
    select coalesce(array_agg(kiosks.gym_id), '{}'::uuid[])
    from public.kiosks
    where kiosks.id = nullif(current_setting('app.kiosk_id', true), '')::uuid
);

-- The kiosk itself, where its gym is too wide: what a kiosk says of itself it may not say of the one beside it.
create function app.kiosk_id() returns uuid
language sql stable
set search_path = pg_catalog, pg_temp
return nullif(current_setting('app.kiosk_id', true), '')::uuid;

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

-- The kiosk that holds a device token; no row when the token is unknown or revoked.
create function app.kiosk_of_token(token_hash bytea)
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

alter function app.kiosk_gym_ids() owner to jarvis_definer;
alter function app.claim_kiosk(bytea, bytea, text, text, jsonb) owner to jarvis_definer;
alter function app.kiosk_of_token(bytea) owner to jarvis_definer;
grant select, update on public.kiosks to jarvis_definer;
grant select, insert, update on public.kiosk_credentials to jarvis_definer;
grant select, insert on app.provisioning_failures to jarvis_definer;
revoke execute on function
    app.kiosk_gym_ids(), app.kiosk_id(), app.claim_kiosk(bytea, bytea, text, text, jsonb), app.kiosk_of_token(bytea)
    from public;
grant execute on function
    app.kiosk_gym_ids(), app.kiosk_id(), app.claim_kiosk(bytea, bytea, text, text, jsonb), app.kiosk_of_token(bytea)
    to jarvis_gateway;

select app.protect_tenant_table('public.kiosks', array['jarvis_gateway', 'jarvis_dashboard', 'jarvis_analyst']);
select app.protect_tenant_table('public.kiosk_credentials', array['jarvis_gateway', 'jarvis_dashboard', 'jarvis_analyst']);
select app.protect_tenant_table('public.kiosk_heartbeats', array['jarvis_gateway', 'jarvis_dashboard', 'jarvis_analyst']);
alter table app.provisioning_failures enable row level security;
alter table app.provisioning_failures force row level security;

create policy jarvis_gateway_updates on public.kiosks for update to jarvis_gateway
    using (gym_id = any ((select app.kiosk_gym_ids())::uuid[]) and id = (select app.kiosk_id()))
    with check (gym_id = any ((select app.kiosk_gym_ids())::uuid[]) and id = (select app.kiosk_id()));
create policy jarvis_gateway_inserts on public.kiosk_heartbeats for insert to jarvis_gateway
    with check (gym_id = any ((select app.kiosk_gym_ids())::uuid[]) and kiosk_id = (select app.kiosk_id()));
create policy jarvis_gateway_reads on public.gyms for select to jarvis_gateway
    using (id = any ((select app.kiosk_gym_ids())::uuid[]));

grant select on public.gyms to jarvis_gateway;
grant select on public.kiosks, public.kiosk_heartbeats to jarvis_gateway, jarvis_dashboard, jarvis_analyst;
grant update (status, last_heartbeat, last_seen_ip, software_version, updated_at) on public.kiosks to jarvis_gateway;
grant insert on public.kiosk_heartbeats to jarvis_gateway;
grant select, insert, update, delete
    on public.kiosks, public.kiosk_credentials, public.kiosk_heartbeats, app.provisioning_failures
    to jarvis_pipeline;

reset role;
