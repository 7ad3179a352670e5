-- Who works in a gym writes down who is away, and who manages it when it is closed: nobody is missed meanwhile.

set local role jarvis_owner;

-- The operator's command line works for every gym; it has no person.
create function app.is_operator() returns boolean
language sql stable security definer
set search_path = pg_catalog, pg_temp
return auth.uid() is null and pg_has_role(session_user, 'jarvis_pipeline', 'member');

-- Answers false for a gym that the person does not see, true for one they work in, and refuses in between: an analyst
-- of the gym sees it and does not work there.
create function app.may_serve_gym(at_gym uuid) returns boolean
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if app.is_operator() then
        return exists (select from public.gyms where gyms.id = at_gym);
    elsif at_gym is null or not at_gym = any (app.visible_gym_ids()) then
        return false;
    elsif exists (select from public.users where users.id = auth.uid() and users.role <> 'analyst') then
        return true;
    end if;
    raise exception 'found a person who only sees this gym, expected one who works there'
        using errcode = 'insufficient_privilege';
end
$$;

-- As app.audit, and of the operator too. Days and ids only: why somebody is away may be health data.
create function app.audit_desk(at_gym uuid, what text, subject text, subject_row uuid, more jsonb) returns void
language sql security definer
set search_path = pg_catalog, pg_temp
begin atomic
    insert into public.audit_log (gym_id, actor_user_id, actor_role, action, subject_table, subject_id, details)
    values (
        at_gym, auth.uid(), coalesce((select users.role from public.users where users.id = auth.uid()), session_user),
        what, subject, subject_row::text, more
    );
end;

-- Null means there is no such member, for this person. The same words twice are one absence. An injury is health data:
-- kept as such only with the member's consent to that, else as any other reason.
create function app.add_absence(of_member uuid, first_day date, last_day date, why text) returns uuid
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    at_gym uuid;
    today date;
    kept_reason text := why;
    made uuid;
begin
    select members.gym_id, (now() at time zone gyms.timezone)::date into at_gym, today
    from public.gym_members_v2 as members
    inner join public.gyms on members.gym_id = gyms.id
    where members.id = of_member;
    if at_gym is null or not app.may_serve_gym(at_gym) then
        return null;
    end if;
    if first_day not between today - 366 and today + 366 or last_day > first_day + 731 then
        raise exception 'found an absence too far off or too long, expected one that begins within a year of today'
            using errcode = 'check_violation';
    end if;
    if why = 'injury' and not coalesce(
        (
            select consents.is_granted
            from public.consents
            where consents.gym_id = at_gym and consents.member_id = of_member and consents.purpose = 'health'
            order by consents.recorded_at desc, consents.id desc
            limit 1
        ),
        false
    ) then
        kept_reason := 'other';
    end if;
    perform pg_advisory_xact_lock(hashtextextended(of_member::text, 172));
    select absences.id into made
    from public.member_absences as absences
    where absences.gym_id = at_gym and absences.member_id = of_member and absences.source = 'staff'
        and absences.starts_on = first_day and absences.ends_on is not distinct from last_day
    limit 1;
    if made is null then
        insert into public.member_absences (gym_id, member_id, starts_on, ends_on, reason, source)
        values (at_gym, of_member, first_day, last_day, kept_reason, 'staff')
        returning member_absences.id into made;
        perform app.audit_desk(
            at_gym, 'absence_added', 'member_absences', made,
            jsonb_build_object('starts_on', first_day, 'ends_on', last_day)
        );
    end if;
    return made;
end
$$;

-- The member is back on that day, today in the gym's own time when it is null: whoever said they would be away. One
-- that had not begun by then was none.
create function app.end_absence(which uuid, back_on date) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    kept public.member_absences;
    last_day date;
begin
    select absences.* into kept from public.member_absences as absences where absences.id = which for update;
    if kept.id is null or not app.may_serve_gym(kept.gym_id) then
        return false;
    end if;
    select coalesce(back_on, (now() at time zone gyms.timezone)::date) - 1 into last_day
    from public.gyms
    where gyms.id = kept.gym_id;
    if last_day < kept.starts_on then
        delete from public.member_absences as absences where absences.id = which;
        last_day := null;
    else
        update public.member_absences as absences
        set ends_on = least(absences.ends_on, last_day)
        where absences.id = which;
    end if;
    perform app.audit_desk(
        kept.gym_id, case when last_day is null then 'absence_removed' else 'absence_ended' end, 'member_absences',
        which, jsonb_build_object('starts_on', kept.starts_on, 'was_until', kept.ends_on, 'ends_on', last_day)
    );
    return true;
end
$$;

-- Null means there is no such gym, for this person.
create function app.add_closure(at_gym uuid, first_day date, last_day date, why text) returns uuid
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    made uuid;
begin
    if not (app.is_operator() and exists (select from public.gyms where gyms.id = at_gym))
        and not app.may_manage_gym(at_gym) then
        return null;
    end if;
    if last_day > first_day + 731 then
        raise exception 'found a closure of more than two years, expected a shorter one: suspend the gym instead'
            using errcode = 'check_violation';
    end if;
    perform pg_advisory_xact_lock(hashtextextended(at_gym::text, 241));
    select closures.id into made
    from public.gym_closures as closures
    where closures.gym_id = at_gym and closures.starts_on = first_day and closures.ends_on = last_day
    limit 1;
    if made is null then
        insert into public.gym_closures (gym_id, starts_on, ends_on, reason)
        values (at_gym, first_day, last_day, why)
        returning gym_closures.id into made;
        perform app.audit_desk(
            at_gym, 'closure_added', 'gym_closures', made,
            jsonb_build_object('starts_on', first_day, 'ends_on', last_day)
        );
    end if;
    return made;
end
$$;

create function app.remove_closure(which uuid) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    kept public.gym_closures;
begin
    select closures.* into kept from public.gym_closures as closures where closures.id = which;
    if kept.id is null or not (app.is_operator() or app.may_manage_gym(kept.gym_id)) then
        return false;
    end if;
    delete from public.gym_closures as closures where closures.id = which;
    perform app.audit_desk(
        kept.gym_id, 'closure_removed', 'gym_closures', which,
        jsonb_build_object('starts_on', kept.starts_on, 'ends_on', kept.ends_on)
    );
    return true;
end
$$;

do $$
declare
    made regprocedure;
begin
    foreach made in array array[
        'app.is_operator()',
        'app.may_serve_gym(uuid)',
        'app.audit_desk(uuid, text, text, uuid, jsonb)',
        'app.add_absence(uuid, date, date, text)',
        'app.end_absence(uuid, date)',
        'app.add_closure(uuid, date, date, text)',
        'app.remove_closure(uuid)'
    ]::regprocedure[]
    loop
        execute format('alter function %s owner to jarvis_definer', made);
        execute format('revoke execute on function %s from public', made);
    end loop;
end
$$;
grant execute on function
    app.add_absence(uuid, date, date, text),
    app.end_absence(uuid, date),
    app.add_closure(uuid, date, date, text),
    app.remove_closure(uuid)
    to jarvis_dashboard, jarvis_pipeline;
grant select, insert, delete on public.gym_closures to jarvis_definer;

reset role;
