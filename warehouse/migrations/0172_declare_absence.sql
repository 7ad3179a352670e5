-- A member says by voice that they will be away: nobody misses them meanwhile, and the last word counts.

set local role jarvis_owner;

-- Writes the absence of the session's member, in place of what they had said of today and later. Without a
-- first day it begins today, in the gym's own time; without an end and a length its end is open. An injury is health
-- data: kept as such only with the member's consent to that, else as any other reason.
-- Outcomes: declared, withdrawn, nothing_to_withdraw, past, too_far, too_long, no_member.
create function app.declare_absence(
    asking_session uuid, first_day date, last_day date, length_days integer, why text, is_withdrawn boolean
) returns table (outcome text, starts_on date, ends_on date)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    owner_id uuid := app.session_member_id(asking_session);
    owner_gym uuid;
    today date;
    begins date;
    ends date;
    changed integer;
begin
    if owner_id is null then
        return query select 'no_member'::text, null::date, null::date;
        return;
    end if;
    select members.gym_id, (now() at time zone gyms.timezone)::date into owner_gym, today
    from public.gym_members_v2 as members
    inner join public.gyms on members.gym_id = gyms.id
    where members.id = owner_id;
    begins := coalesce(first_day, today);
    ends := coalesce(last_day, begins + length_days - 1);
    if not is_withdrawn then
        if ends < greatest(begins, today) then
            return query select 'past'::text, begins, ends;
            return;
        end if;
        if begins < today - 31 or begins > today + 366 then
            return query select 'too_far'::text, begins, ends;
            return;
        end if;
        if ends > begins + 366 then
            return query select 'too_long'::text, begins, ends;
            return;
        end if;
    end if;
    perform pg_advisory_xact_lock(hashtextextended(owner_id::text, 172));
    -- The last word counts: what was still to come is forgotten, what runs ended yesterday.
    delete from public.member_absences as absences
    where absences.gym_id = owner_gym and absences.member_id = owner_id and absences.source = 'member'
        and absences.starts_on >= today;
    get diagnostics changed = row_count;
    update public.member_absences as absences
    set ends_on = today - 1
    where absences.gym_id = owner_gym and absences.member_id = owner_id and absences.source = 'member'
        and absences.starts_on < today and coalesce(absences.ends_on, today) >= today;
    if is_withdrawn then
        return query select case when found or changed > 0 then 'withdrawn' else 'nothing_to_withdraw' end,
            null::date, null::date;
        return;
    end if;
    insert into public.member_absences (gym_id, member_id, starts_on, ends_on, reason, source)
    values (
        owner_gym, owner_id, begins, ends,
        case
            when why <> 'injury' then why
            when coalesce(
                (
                    select consents.is_granted
                    from public.consents
                    where consents.gym_id = owner_gym and consents.member_id = owner_id and consents.purpose = 'health'
                    order by consents.recorded_at desc, consents.id desc
                    limit 1
                ),
                false
            ) then 'injury'
            else 'other'
        end,
        'member'
    );
    return query select 'declared'::text, begins, ends;
end
$$;

alter function app.declare_absence(uuid, date, date, integer, text, boolean) owner to jarvis_definer;
grant select, insert, update, delete on public.member_absences to jarvis_definer;
grant select on public.consents to jarvis_definer;
revoke execute on function app.declare_absence(uuid, date, date, integer, text, boolean) from public;
grant execute on function app.declare_absence(uuid, date, date, integer, text, boolean) to jarvis_gateway;

reset role;
