-- Takes the members away again, leaves first.
drop table public.consents;
drop table public.member_visits;
drop table public.memberships;
drop table public.member_preferences;
drop table public.member_fitness_profile;
drop table public.gym_members_v2;
