-- One change of kiosk settings is on record once.
-- An upsert ran the insert's trigger too, which wrote down a change from nothing before the real one.

set local role jarvis_owner;

create or replace function app.note_kiosk_settings() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    new.version := nextval('app.kiosk_settings_versions');
    new.updated_at := now();
    return new;
end
$$;

-- Whoever changes a setting is on record, and every gateway hears that something changed; ids only, any role may listen.
create function app.tell_kiosk_settings() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    before jsonb := case when tg_op = 'UPDATE' then old.settings else '{}'::jsonb end;
begin
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
    return null;
end
$$;
alter function app.tell_kiosk_settings() owner to jarvis_definer;
revoke execute on function app.tell_kiosk_settings() from public;
create trigger kiosk_settings_are_told after insert on public.kiosk_settings
    for each row execute function app.tell_kiosk_settings();
create trigger kiosk_settings_changes_are_told after update on public.kiosk_settings
    for each row when (old.settings is distinct from new.settings) execute function app.tell_kiosk_settings();

reset role;
