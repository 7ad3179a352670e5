-- The timetable and who has a place in it: only the badged member books, and a class never has more places than it has.

set local role jarvis_owner;

-- The member of an open session of this transaction's kiosk; null for anybody who is not known here. Tools carry no
-- member id: whose data they touch is decided by this and by nothing that a model could say.
create function app.session_member_id(asking_session uuid) returns uuid
language sql stable security definer
set search_path = pg_catalog, pg_temp
return (
    select sessions.member_id
    from public.openai_realtime_sessions as sessions
    where sessions.id = asking_session
        and sessions.kiosk_id = nullif(current_setting('app.kiosk_id', true), '')::uuid
        and sessions.state = 'active'
        and sessions.badge_outcome = 'known'
);

create table public.gym_classes (
    id uuid primary key default gen_random_uuid(),
    gym_id uuid not null references public.gyms (id) on delete cascade,
    name text not null,
    -- Monday is 1, Sunday is 7; time of day in the gym's own time zone.
    weekday smallint not null constraint class_weekday_in_range check (weekday between 1 and 7),
    starts_at time not null,
    duration_minutes integer not null
        constraint class_duration_in_range check (duration_minutes between 10 and 240),
    capacity integer not null constraint class_capacity_is_positive check (capacity >= 1),
    waiting_places integer not null default 5 constraint waiting_places_are_positive check (waiting_places >= 0),
    coach_name text,
    room text,
    is_active boolean not null default true,
    constraint class_is_addressable_by_gym unique (gym_id, id),
    constraint class_stands_once_in_the_timetable unique (gym_id, name, weekday, starts_at)
);

create table public.class_bookings (
    id uuid primary key default gen_random_uuid(),
    gym_id uuid not null,
    class_id uuid not null,
    class_date date not null,
    member_id uuid not null,
    -- Where it was booked; null for a booking at the desk.
    session_id uuid,
    status text not null default 'booked'
        constraint booking_status_is_known check (status in ('booked', 'waiting', 'cancelled')),
    booked_at timestamptz not null default clock_timestamp(),
    cancelled_at timestamptz,
    constraint cancelled_booking_has_a_moment check ((status = 'cancelled') = (cancelled_at is not null)),
    constraint booking_belongs_to_a_class_of_its_gym
        foreign key (gym_id, class_id) references public.gym_classes (gym_id, id) on delete cascade,
    constraint booking_belongs_to_a_member_of_its_gym
        foreign key (gym_id, member_id) references public.gym_members_v2 (gym_id, id) on delete cascade,
    constraint booking_belongs_to_a_session_of_its_gym
        foreign key (gym_id, session_id) references public.openai_realtime_sessions (gym_id, id)
        on delete set null (session_id)
);
-- The last word on double bookings.
create unique index one_live_booking_per_member_and_class
    on public.class_bookings (gym_id, class_id, class_date, member_id) where status <> 'cancelled';
create index class_bookings_by_class on public.class_bookings (gym_id, class_id, class_date);
create index class_bookings_by_member on public.class_bookings (gym_id, member_id, class_date);
create index class_bookings_by_session on public.class_bookings (gym_id, session_id);

-- Books the session's member into one class of one day. Outcomes: booked, waiting, full, already, overlaps, started,
-- unknown_class, no_member. The member's lock, then the class's: two kiosks that want the last place take turns.
create function app.book_class(asking_session uuid, wanted_class uuid, wanted_date date)
returns table (outcome text, booking_id uuid, waiting_position integer)
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    booker uuid := app.session_member_id(asking_session);
    class public.gym_classes;
    begins_at timestamptz;
    live_status text;
    taken integer;
    queued integer;
    made uuid;
begin
    if booker is null then
        return query select 'no_member'::text, null::uuid, null::integer;
        return;
    end if;
    perform pg_advisory_xact_lock(hashtextextended(booker::text, 60));
    select classes.* into class
    from public.gym_classes as classes
    inner join public.gym_members_v2 as members on classes.gym_id = members.gym_id and members.id = booker
    where classes.id = wanted_class and classes.is_active
    for update of classes;
    if class.id is null or extract(isodow from wanted_date) <> class.weekday then
        return query select 'unknown_class'::text, null::uuid, null::integer;
        return;
    end if;
    select (wanted_date + class.starts_at) at time zone gyms.timezone into begins_at
    from public.gyms where gyms.id = class.gym_id;
    if begins_at <= now() or begins_at > now() + interval '15 days' then
        return query select 'started'::text, null::uuid, null::integer;
        return;
    end if;
    select bookings.id, bookings.status into made, live_status
    from public.class_bookings as bookings
    where bookings.gym_id = class.gym_id and bookings.class_id = class.id and bookings.class_date = wanted_date
        and bookings.member_id = booker and bookings.status <> 'cancelled';
    if made is not null then
        return query select 'already'::text, made, null::integer;
        return;
    end if;
    if exists (
        select
        from public.class_bookings as bookings
        inner join public.gym_classes as others on bookings.gym_id = others.gym_id and bookings.class_id = others.id
        where bookings.gym_id = class.gym_id and bookings.member_id = booker and bookings.class_date = wanted_date
            and bookings.status <> 'cancelled'
            and (wanted_date + others.starts_at, make_interval(mins => others.duration_minutes))
                overlaps (wanted_date + class.starts_at, make_interval(mins => class.duration_minutes))
    ) then
        return query select 'overlaps'::text, null::uuid, null::integer;
        return;
    end if;
    select count(*) filter (where bookings.status = 'booked'), count(*) filter (where bookings.status = 'waiting')
    into taken, queued
    from public.class_bookings as bookings
    where bookings.gym_id = class.gym_id and bookings.class_id = class.id and bookings.class_date = wanted_date;
    if taken >= class.capacity and queued >= class.waiting_places then
        return query select 'full'::text, null::uuid, null::integer;
        return;
    end if;
    live_status := case when taken < class.capacity then 'booked' else 'waiting' end;
    insert into public.class_bookings as bookings (gym_id, class_id, class_date, member_id, session_id, status)
    values (class.gym_id, class.id, wanted_date, booker, asking_session, live_status)
    returning bookings.id into made;
    return query select live_status, made, case when live_status = 'waiting' then queued + 1 end;
end
$$;

-- Gives the session's member's place back, and the first who waits gets it. Outcomes: cancelled, unknown_booking,
-- started, no_member.
create function app.cancel_booking(asking_session uuid, unwanted_booking uuid) returns text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    booker uuid := app.session_member_id(asking_session);
    booking public.class_bookings;
    begins_at timestamptz;
begin
    if booker is null then
        return 'no_member';
    end if;
    select bookings.* into booking
    from public.class_bookings as bookings
    where bookings.id = unwanted_booking and bookings.member_id = booker;
    if booking.id is null then
        return 'unknown_booking';
    end if;
    -- In the same order as booking does it, and what was read before the lock is read again.
    perform pg_advisory_xact_lock(hashtextextended(booker::text, 60));
    select (booking.class_date + classes.starts_at) at time zone gyms.timezone into begins_at
    from public.gym_classes as classes
    inner join public.gyms on classes.gym_id = gyms.id
    where classes.gym_id = booking.gym_id and classes.id = booking.class_id
    for update of classes;
    select bookings.* into booking from public.class_bookings as bookings where bookings.id = unwanted_booking;
    if booking.status = 'cancelled' then
        return 'unknown_booking';
    end if;
    if begins_at <= now() then
        return 'started';
    end if;
    update public.class_bookings as bookings
    set status = 'cancelled', cancelled_at = clock_timestamp()
    where bookings.id = booking.id;
    if booking.status = 'booked' then
        update public.class_bookings as bookings
        set status = 'booked'
        where bookings.id = (
            select waiting.id
            from public.class_bookings as waiting
            where waiting.gym_id = booking.gym_id and waiting.class_id = booking.class_id
                and waiting.class_date = booking.class_date and waiting.status = 'waiting'
            order by waiting.booked_at, waiting.id
            limit 1
        );
    end if;
    return 'cancelled';
end
$$;

alter function app.session_member_id(uuid) owner to jarvis_definer;
alter function app.book_class(uuid, uuid, date) owner to jarvis_definer;
alter function app.cancel_booking(uuid, uuid) owner to jarvis_definer;
-- A row lock asks for the right to update.
grant select, update on public.gym_classes to jarvis_definer;
grant select, insert, update on public.class_bookings to jarvis_definer;
revoke execute on function
    app.session_member_id(uuid), app.book_class(uuid, uuid, date), app.cancel_booking(uuid, uuid)
    from public;
grant execute on function
    app.session_member_id(uuid), app.book_class(uuid, uuid, date), app.cancel_booking(uuid, uuid)
    to jarvis_gateway;

select app.protect_tenant_table('public.gym_classes', array['jarvis_gateway', 'jarvis_dashboard', 'jarvis_analyst']);
select app.protect_tenant_table('public.class_bookings', array['jarvis_gateway', 'jarvis_dashboard', 'jarvis_analyst']);
grant select on public.gym_classes to jarvis_gateway, jarvis_dashboard, jarvis_analyst;
-- Places are counted by everybody, written by the two functions above.
grant select on public.class_bookings to jarvis_gateway, jarvis_dashboard;
grant select (id, gym_id, class_id, class_date, status, booked_at, cancelled_at)
    on public.class_bookings to jarvis_analyst;
grant select, insert, update, delete on public.gym_classes, public.class_bookings to jarvis_pipeline;

reset role;
