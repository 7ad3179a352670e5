-- Silent kiosks, visits to celebrate and days without check-ins: a gym, or its franchise, says from when on it is told.

set local role jarvis_owner;

alter table public.franchises
    add column kiosk_silence_minutes integer
        constraint franchise_kiosk_silence_in_range check (kiosk_silence_minutes between 10 and 1440),
    add column milestone_visits integer[]
        constraint franchise_milestones_in_range
        check (cardinality(milestone_visits) between 1 and 12 and 1 <= all (milestone_visits) and 10000 >= all (milestone_visits)),
    add column checkins_silent_hours integer
        constraint franchise_checkins_silence_in_range check (checkins_silent_hours between 1 and 240);

-- Null for what the franchise says, and without that what the rules say.
alter table public.gyms
    add column kiosk_silence_minutes integer
        constraint gym_kiosk_silence_in_range check (kiosk_silence_minutes between 10 and 1440),
    add column milestone_visits integer[]
        constraint gym_milestones_in_range
        check (cardinality(milestone_visits) between 1 and 12 and 1 <= all (milestone_visits) and 10000 >= all (milestone_visits)),
    add column checkins_silent_hours integer
        constraint gym_checkins_silence_in_range check (checkins_silent_hours between 1 and 240);

-- What holds for a gym one sees: its own, or its franchise's, which its manager does not see; null for the rules' own.
create function app.held_thresholds(which uuid)
returns table (kiosk_silence_minutes integer, milestone_visits integer[], checkins_silent_hours integer)
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
    select
        coalesce(gyms.kiosk_silence_minutes, franchises.kiosk_silence_minutes),
        coalesce(gyms.milestone_visits, franchises.milestone_visits),
        coalesce(gyms.checkins_silent_hours, franchises.checkins_silent_hours)
    from public.gyms
    left join public.franchises on gyms.franchise_id = franchises.id
    where gyms.id = which and (gyms.id = any (app.visible_gym_ids()) or app.is_operator());
end;

-- One threshold of a gym, null for what its franchise or the rules say; on record. False: no gym of this person's.
create function app.change_alert_threshold(which uuid, kind text, steps integer[]) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    before public.gyms;
    former jsonb;
begin
    if not app.may_manage_gym(which) then
        return false;
    end if;
    select gyms.* into before from public.gyms where gyms.id = which for update;
    if kind = 'kiosk_offline' then
        former := to_jsonb(before.kiosk_silence_minutes);
        update public.gyms set kiosk_silence_minutes = steps[1] where gyms.id = which;
    elsif kind = 'milestone' then
        former := to_jsonb(before.milestone_visits);
        update public.gyms set milestone_visits = steps where gyms.id = which;
    elsif kind = 'data_quality' then
        former := to_jsonb(before.checkins_silent_hours);
        update public.gyms set checkins_silent_hours = steps[1] where gyms.id = which;
    else
        raise exception 'found %, expected kiosk_offline, milestone or data_quality', kind
            using errcode = 'check_violation';
    end if;
    perform app.audit(
        which, 'alert_settings_changed', 'gyms', which::text,
        jsonb_build_object('alert_type', kind, 'from', former, 'to', to_jsonb(steps))
    );
    return true;
end
$$;

do $$
declare
    made regprocedure;
begin
    foreach made in array array[
        'app.held_thresholds(uuid)', 'app.change_alert_threshold(uuid, text, integer[])'
    ]::regprocedure[]
    loop
        execute format('alter function %s owner to jarvis_definer', made);
        execute format('revoke execute on function %s from public', made);
    end loop;
end
$$;
grant execute on function
    app.held_thresholds(uuid), app.change_alert_threshold(uuid, text, integer[])
    to jarvis_dashboard;
grant execute on function app.held_thresholds(uuid) to jarvis_pipeline;
grant update (kiosk_silence_minutes, milestone_visits, checkins_silent_hours) on public.franchises to jarvis_pipeline;

reset role;
