-- Short-lived credentials that a kiosk gives to what opens its websocket, so that its device token stays where it is.

set local role jarvis_owner;

create table app.voice_client_secrets (
    -- SHA-256: a copy of this table opens no door.
    secret_hash bytea primary key,
    gym_id uuid not null,
    kiosk_id uuid not null,
    -- The device token it stands for: what ends that one ends this one, and every connection made with either.
    token_hash bytea not null,
    expires_at timestamptz not null,
    constraint client_secret_is_sha256 check (octet_length(secret_hash) = 32 and octet_length(token_hash) = 32),
    constraint client_secret_belongs_to_a_kiosk_of_its_gym
        foreign key (gym_id, kiosk_id) references public.kiosks (gym_id, id) on delete cascade
);
create index voice_client_secrets_by_kiosk on app.voice_client_secrets (gym_id, kiosk_id);

-- Makes a secret for the kiosk that holds this token; no row where it holds none. What has lapsed goes.
create function app.issue_client_secret(device_token_hash bytea, new_secret_hash bytea, valid_seconds integer)
returns timestamptz
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    ends timestamptz := now() + make_interval(secs => valid_seconds);
begin
    insert into app.voice_client_secrets (secret_hash, gym_id, kiosk_id, token_hash, expires_at)
    select new_secret_hash, holders.gym_id, holders.kiosk_id, device_token_hash, ends
    from app.kiosk_of_token(device_token_hash) as holders;
    if not found then
        return null;
    end if;
    delete from app.voice_client_secrets as secrets
    using app.kiosk_of_token(device_token_hash) as holders
    where secrets.gym_id = holders.gym_id and secrets.kiosk_id = holders.kiosk_id and secrets.expires_at < now();
    return ends;
end
$$;

-- The device token's hash that a secret stands for; null once it has lapsed.
create function app.token_behind_client_secret(shown_hash bytea) returns bytea
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
    select secrets.token_hash
    from app.voice_client_secrets as secrets
    where secrets.secret_hash = shown_hash and secrets.expires_at > now();
end;

alter function app.issue_client_secret(bytea, bytea, integer) owner to jarvis_definer;
alter function app.token_behind_client_secret(bytea) owner to jarvis_definer;
alter table app.voice_client_secrets enable row level security;
alter table app.voice_client_secrets force row level security;
grant select, insert, delete on app.voice_client_secrets to jarvis_definer;
revoke execute on function app.issue_client_secret(bytea, bytea, integer), app.token_behind_client_secret(bytea) from public;
grant execute on function app.issue_client_secret(bytea, bytea, integer), app.token_behind_client_secret(bytea)
    to jarvis_gateway;

reset role;
