-- Takes absences, closures, pauses and the gym's calendar away again.
drop table public.member_absences;
drop table public.gym_closures;
alter table public.gyms drop column school_zone, drop column holiday_region;
alter table public.memberships
    drop constraint membership_pause_has_a_first_day,
    drop constraint membership_pause_ends_after_it_starts,
    drop column frozen_from,
    drop column frozen_until;
