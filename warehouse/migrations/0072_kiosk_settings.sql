-- How a kiosk behaves is set from afar, for one kiosk, a gym or a franchise; every change is versioned, audited, told.

set local role jarvis_owner;

create sequence app.kiosk_settings_versions;

create table public.kiosk_settings (
    id uuid primary key default gen_random_uuid(),
    -- A row is a franchise's, a gym's, or with kiosk_id one kiosk's.
    franchise_id uuid references public.franchises (id) on delete cascade,
    gym_id uuid references public.gyms (id) on delete cascade,
    kiosk_id uuid,
    -- Only what is set here; the keys and their values are described in jarvis/kiosk_config.py.
    settings jsonb not null default '{}'::jsonb,
    version bigint not null default 0,
    updated_at timestamptz not null default now(),
    constraint kiosk_settings_are_one_per_scope unique nulls not distinct (gym_id, kiosk_id, franchise_id),
    constraint kiosk_settings_have_one_scope check (
        (franchise_id is null) <> (gym_id is null) and (kiosk_id is null or gym_id is not null)
    ),
    constraint kiosk_settings_are_a_small_object check (
        jsonb_typeof(settings) = 'object' and octet_length(settings::text) <= 8000
    ),
    constraint kiosk_settings_belong_to_a_kiosk_of_its_gym
        foreign key (gym_id, kiosk_id) references public.kiosks (gym_id, id) on delete cascade
);
create index kiosk_settings_by_franchise on public.kiosk_settings (franchise_id);

-- Whoever changes a setting is on record, and every gateway hears that something changed; ids only, any role may listen.
create function app.note_kiosk_settings() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    before jsonb := case when tg_op = 'UPDATE' then old.settings else '{}'::jsonb end;
begin
    new.version := nextval('app.kiosk_settings_versions');
    new.updated_at := now();
    insert into public.audit_log (gym_id, actor_user_id, actor_role, action, subject_table, subject_id, details)
    select
        new.gym_id, auth.uid(), session_user, 'kiosk_settings_changed',
        case when new.kiosk_id is not null then 'kiosks' when new.gym_id is not null then 'gyms' else 'franchises' end,
        coalesce(new.kiosk_id, new.gym_id, new.franchise_id)::text,
        jsonb_build_object(
            'version', new.version,
            'changed', coalesce(jsonb_object_agg(
                keys.key, jsonb_build_object('from', before -> keys.key, 'to', new.settings -> keys.key)
            ) filter (where before -> keys.key is distinct from new.settings -> keys.key), '{}'::jsonb)
        )
    from jsonb_object_keys(before || new.settings) as keys (key);
    perform pg_notify('jarvis_kiosks', json_build_object(
        'kind', 'settings', 'franchise_id', new.franchise_id, 'gym_id', new.gym_id, 'kiosk_id', new.kiosk_id
    )::text);
    return new;
end
$$;
create trigger kiosk_settings_are_versioned before insert on public.kiosk_settings
    for each row execute function app.note_kiosk_settings();
create trigger kiosk_settings_changes_are_versioned before update on public.kiosk_settings
    for each row when (old.settings is distinct from new.settings) execute function app.note_kiosk_settings();

-- What is set for some kiosks: the kiosk's own word before its gym's, the gym's before its franchise's.
create function app.kiosk_settings_of(kiosk_ids uuid[]) returns table (kiosk_id uuid, settings jsonb, version bigint)
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
    select
        kiosks.id,
        coalesce(of_franchise.settings, '{}'::jsonb) || coalesce(of_gym.settings, '{}'::jsonb)
            || coalesce(of_kiosk.settings, '{}'::jsonb),
        greatest(coalesce(of_franchise.version, 0), coalesce(of_gym.version, 0), coalesce(of_kiosk.version, 0))
    from public.kiosks
    inner join public.gyms on kiosks.gym_id = gyms.id
    left join public.kiosk_settings as of_franchise on gyms.franchise_id = of_franchise.franchise_id
    left join public.kiosk_settings as of_gym on gyms.id = of_gym.gym_id and of_gym.kiosk_id is null
    left join public.kiosk_settings as of_kiosk on kiosks.gym_id = of_kiosk.gym_id and kiosks.id = of_kiosk.kiosk_id
    where kiosks.id = any (kiosk_ids);
end;

alter function app.note_kiosk_settings() owner to jarvis_definer;
alter function app.kiosk_settings_of(uuid[]) owner to jarvis_definer;
grant select on public.kiosk_settings to jarvis_definer;
grant usage on sequence app.kiosk_settings_versions to jarvis_definer;
revoke execute on function app.note_kiosk_settings(), app.kiosk_settings_of(uuid[]) from public;
grant execute on function app.kiosk_settings_of(uuid[]) to jarvis_gateway;

select app.protect_tenant_table('public.kiosk_settings', array['jarvis_gateway', 'jarvis_dashboard', 'jarvis_analyst']);
grant select on public.kiosk_settings to jarvis_dashboard;
grant select, insert, update, delete on public.kiosk_settings to jarvis_pipeline;

reset role;
