-- What the assistant's tools read and write of the timetable; whose bookings is decided by the session.

-- upcoming_classes --
-- The classes of the kiosk's gym in the coming days that have not begun, with their places and the member's own booking.
-- While the gym is closed there are none but those the member has booked, which can be cancelled.
select
    classes.id as class_id,
    classes.name,
    days.class_date::date as class_date,
    classes.starts_at,
    classes.duration_minutes,
    classes.coach_name,
    classes.room,
    classes.capacity,
    places.booked_count,
    places.waiting_count,
    places.own_booking_id,
    places.own_status,
    (now() at time zone gyms.timezone)::date as today
from public.kiosks
inner join public.gyms on kiosks.gym_id = gyms.id
cross join lateral generate_series(
    (now() at time zone gyms.timezone)::date::timestamp,
    (now() at time zone gyms.timezone)::date + make_interval(days => %(days)s::integer),
    interval '1 day'
) as days (class_date)
inner join public.gym_classes as classes
    on gyms.id = classes.gym_id and classes.weekday = extract(isodow from days.class_date) and classes.is_active
cross join lateral (
    select
        count(*) filter (where bookings.status = 'booked')::integer as booked_count,
        count(*) filter (where bookings.status = 'waiting')::integer as waiting_count,
        (array_agg(bookings.id) filter (where bookings.member_id = asking.member_id))[1] as own_booking_id,
        max(bookings.status) filter (where bookings.member_id = asking.member_id) as own_status
    from (select app.session_member_id(%(session_id)s::uuid) as member_id) as asking
    left join public.class_bookings as bookings
        on bookings.gym_id = classes.gym_id and bookings.class_id = classes.id
        and bookings.class_date = days.class_date::date and bookings.status <> 'cancelled'
) as places
where kiosks.id = %(kiosk_id)s::uuid
    and (days.class_date + classes.starts_at) at time zone gyms.timezone > now()
    and (
        places.own_status is not null
        or not exists (
            select from public.gym_closures as closures
            where closures.gym_id = gyms.id and days.class_date::date between closures.starts_on and closures.ends_on
        )
    )
order by days.class_date, classes.starts_at, classes.name;

-- book_class --
-- Books the session's member, or says why not.
select outcome, booking_id, waiting_position
from app.book_class(%(session_id)s::uuid, %(class_id)s::uuid, %(class_date)s::date);

-- cancel_booking --
-- Gives the place of the session's member back, or says why not.
select app.cancel_booking(%(session_id)s::uuid, %(booking_id)s::uuid) as outcome;
