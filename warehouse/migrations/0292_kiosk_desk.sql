-- People set up kiosks from their pages: what is set at each level, a change that overwrites nobody's, a name, a pause.

set local role jarvis_owner;

-- What is set for each kiosk the person sees, level by level: the nearer word wins.
create function app.kiosk_setting_layers(kiosk_ids uuid[]) returns table (
    kiosk_id uuid, franchise_id uuid, of_franchise jsonb, of_gym jsonb, of_kiosk jsonb,
    franchise_version bigint, gym_version bigint, kiosk_version bigint
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
    select
        kiosks.id,
        gyms.franchise_id,
        coalesce(of_franchise.settings, '{}'::jsonb),
        coalesce(of_gym.settings, '{}'::jsonb),
        coalesce(of_kiosk.settings, '{}'::jsonb),
        coalesce(of_franchise.version, 0),
        coalesce(of_gym.version, 0),
        coalesce(of_kiosk.version, 0)
    from public.kiosks
    inner join public.gyms on kiosks.gym_id = gyms.id
    left join public.kiosk_settings as of_franchise on gyms.franchise_id = of_franchise.franchise_id
    left join public.kiosk_settings as of_gym on gyms.id = of_gym.gym_id and of_gym.kiosk_id is null
    left join public.kiosk_settings as of_kiosk on kiosks.gym_id = of_kiosk.gym_id and kiosks.id = of_kiosk.kiosk_id
    where kiosks.gym_id = any ((select app.visible_gym_ids())::uuid[])
        and (kiosk_ids is null or kiosks.id = any (kiosk_ids));
end;

-- Which proofs a kiosk holds and which code waits for it; when, and never what.
create function app.kiosk_access(which uuid) returns table (
    kind text, holder text, created_at timestamptz, used_at timestamptz, expires_at timestamptz
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
    select
        credentials.kind, credentials.holder, credentials.created_at, credentials.used_at, credentials.expires_at
    from public.kiosk_credentials as credentials
    where credentials.kiosk_id = which
        and credentials.gym_id = any ((select app.visible_gym_ids())::uuid[])
        and credentials.revoked_at is null
        and credentials.replaced_at is null
        and (credentials.expires_at is null or credentials.expires_at > now())
        and (credentials.kind = 'token' or credentials.used_at is null)
    order by credentials.kind, credentials.holder, credentials.created_at;
end;

-- The name and the place of a kiosk; its address stays. Null: no such kiosk. False: not as the person had read it.
create function app.change_kiosk(which uuid, seen_name text, seen_location text, new_name text, new_location text)
returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    before public.kiosks;
begin
    select kiosks.* into before from public.kiosks where kiosks.id = which for update;
    if before.id is null or not app.may_manage_gym(before.gym_id) then
        return null;
    end if;
    if (before.name, before.location_in_gym) is distinct from (seen_name, seen_location) then
        return false;
    end if;
    update public.kiosks
    set name = new_name, location_in_gym = new_location, updated_at = now()
    where kiosks.id = which;
    perform app.audit(
        before.gym_id, 'kiosk_changed', 'kiosks', which::text,
        jsonb_build_object(
            'has_new_name', before.name is distinct from new_name,
            'has_new_location', before.location_in_gym is distinct from new_location
        )
    );
    return true;
end
$$;

-- A kiosk in maintenance is missed by nobody; one that comes back shows as offline until it is heard. Null: no such
-- kiosk. False: it is so already, or has never been set up.
create function app.pause_kiosk(which uuid, is_paused boolean) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    before public.kiosks;
begin
    select kiosks.* into before from public.kiosks where kiosks.id = which for update;
    if before.id is null or not app.may_manage_gym(before.gym_id) then
        return null;
    end if;
    if before.status = 'provisioning' or (before.status = 'maintenance') = is_paused then
        return false;
    end if;
    update public.kiosks
    set status = case when is_paused then 'maintenance' else 'offline' end, updated_at = now()
    where kiosks.id = which;
    perform app.audit(
        before.gym_id, case when is_paused then 'kiosk_paused' else 'kiosk_resumed' end, 'kiosks', which::text,
        jsonb_build_object('from', before.status)
    );
    return true;
end
$$;

-- Sets some keys of a franchise, a gym or one kiosk and takes others away; the version it has then. Null: no such
-- scope. The keys' meaning is checked before (jarvis/kiosk_config.py); triggers version, audit and tell the change.
create function app.change_kiosk_settings(
    at_franchise uuid, at_gym uuid, at_kiosk uuid, seen_version bigint, new_settings jsonb, removed text[]
) returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    standing bigint;
begin
    if at_gym is not null then
        if not app.may_manage_gym(at_gym) then
            return null;
        end if;
        if at_kiosk is not null and not exists (
            select from public.kiosks where kiosks.gym_id = at_gym and kiosks.id = at_kiosk
        ) then
            return null;
        end if;
    elsif at_franchise is null or at_kiosk is not null or not at_franchise = any (app.visible_franchise_ids()) then
        return null;
    elsif not exists (
        select from public.users
        where users.id = auth.uid() and users.is_active and users.role in ('super_admin', 'franchise_owner')
    ) then
        raise exception 'found a person who only sees this franchise, expected one who manages it'
            using errcode = 'insufficient_privilege';
    end if;
    -- Two first changes of one scope have no row to meet on.
    perform pg_advisory_xact_lock(hashtextextended(
        'kiosk settings ' || coalesce(at_kiosk, at_gym, at_franchise)::text, 0
    ));
    select kept.version into standing
    from public.kiosk_settings as kept
    where kept.franchise_id is not distinct from at_franchise
        and kept.gym_id is not distinct from at_gym
        and kept.kiosk_id is not distinct from at_kiosk;
    if coalesce(standing, 0) <> seen_version then
        raise exception 'found version % of these settings, expected %: somebody changed them', standing, seen_version
            using errcode = 'serialization_failure';
    end if;
    insert into public.kiosk_settings as kept (franchise_id, gym_id, kiosk_id, settings)
    values (at_franchise, at_gym, at_kiosk, new_settings)
    on conflict on constraint kiosk_settings_are_one_per_scope do update
    set settings = (kept.settings || excluded.settings) - removed
    returning kept.version into standing;
    return standing;
end
$$;

do $$
declare
    made regprocedure;
begin
    foreach made in array array[
        'app.kiosk_setting_layers(uuid[])',
        'app.kiosk_access(uuid)',
        'app.change_kiosk(uuid, text, text, text, text)',
        'app.pause_kiosk(uuid, boolean)',
        'app.change_kiosk_settings(uuid, uuid, uuid, bigint, jsonb, text[])'
    ]::regprocedure[]
    loop
        execute format('alter function %s owner to jarvis_definer', made);
        execute format('revoke execute on function %s from public', made);
        execute format('grant execute on function %s to jarvis_dashboard', made);
    end loop;
end
$$;
grant insert, update on public.kiosk_settings to jarvis_definer;

reset role;
