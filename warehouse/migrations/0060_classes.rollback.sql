-- Takes the timetable and its bookings away again.
drop function app.cancel_booking(uuid, uuid);
drop function app.book_class(uuid, uuid, date);
drop function app.session_member_id(uuid);
drop table public.class_bookings;
drop table public.gym_classes;
