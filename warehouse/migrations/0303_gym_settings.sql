-- What people set for themselves and for their gym, each change on record: language, letters, alerts, what is kept.

set local role jarvis_owner;

alter table public.users
    -- Null until they choose one.
    add column language text constraint user_language_is_known check (language in ('fr', 'en'));

alter table public.gyms
    -- A member is only called about from this score on; null for every member at high risk.
    add column churn_alert_threshold numeric(3, 2)
        constraint churn_alert_threshold_in_range check (churn_alert_threshold between 0.5 and 0.95);

-- One's own name, language and letters, as they are to be; a null name or language stays.
create function app.change_own_profile(
    new_full_name text, new_language text, unwanted_kinds text[], new_quiet_from time, new_quiet_until time
) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    before public.users;
begin
    select users.* into before from public.users where users.id = auth.uid() and users.is_active for update;
    if not found then
        return false;
    end if;
    update public.users
    set full_name = coalesce(new_full_name, before.full_name), language = coalesce(new_language, before.language)
    where users.id = before.id;
    insert into public.mail_preferences as preferences (user_id, unsubscribed_kinds, quiet_from, quiet_until)
    values (before.id, unwanted_kinds, new_quiet_from, new_quiet_until)
    on conflict (user_id) do update
    set unsubscribed_kinds = excluded.unsubscribed_kinds,
        quiet_from = excluded.quiet_from,
        quiet_until = excluded.quiet_until,
        updated_at = now();
    perform app.audit(
        before.gym_id, 'profile_changed', 'users', before.id::text,
        jsonb_build_object(
            'has_new_name', new_full_name is distinct from before.full_name, 'language', new_language,
            'unwanted_kinds', unwanted_kinds, 'quiet_from', new_quiet_from, 'quiet_until', new_quiet_until
        )
    );
    return true;
end
$$;

-- The language alone, by the switch beside every page; not worth a line of the trail.
create function app.set_own_language(new_language text) returns boolean
language sql security definer
set search_path = pg_catalog, pg_temp
begin atomic
    update public.users set language = new_language where users.id = auth.uid() and users.is_active returning true;
end;

-- Alerts a week, from which score on, and what is kept of words; the last has its own trigger for the trail. False:
-- the person sees no such gym.
create function app.change_gym_settings(
    which uuid, alerts_per_week integer, alert_threshold numeric, new_storage_level text
) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    before public.gyms;
begin
    if not app.may_manage_gym(which) then
        return false;
    end if;
    select gyms.* into before from public.gyms where gyms.id = which for update;
    update public.gyms
    set alert_budget_per_week = alerts_per_week,
        churn_alert_threshold = alert_threshold,
        storage_level = new_storage_level
    where gyms.id = which;
    if (alerts_per_week, alert_threshold)
        is distinct from (before.alert_budget_per_week, before.churn_alert_threshold) then
        perform app.audit(
            which, 'alert_settings_changed', 'gyms', which::text,
            jsonb_build_object(
                'from', jsonb_build_object('per_week', before.alert_budget_per_week, 'score', before.churn_alert_threshold),
                'to', jsonb_build_object('per_week', alerts_per_week, 'score', alert_threshold)
            )
        );
    end if;
    return true;
end
$$;

do $$
declare
    made regprocedure;
begin
    foreach made in array array[
        'app.change_own_profile(text, text, text[], time, time)',
        'app.set_own_language(text)',
        'app.change_gym_settings(uuid, integer, numeric, text)'
    ]::regprocedure[]
    loop
        execute format('alter function %s owner to jarvis_definer', made);
        execute format('revoke execute on function %s from public', made);
    end loop;
end
$$;
grant execute on function
    app.change_own_profile(text, text, text[], time, time),
    app.set_own_language(text),
    app.change_gym_settings(uuid, integer, numeric, text)
    to jarvis_dashboard;
grant select, insert, update on public.mail_preferences to jarvis_definer;

reset role;
