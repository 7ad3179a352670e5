-- A person's gym and franchise need not belong together.

set local role jarvis_owner;

alter table public.users drop constraint user_s_gym_is_of_their_franchise;
drop index public.users_by_franchise_and_gym;
alter table public.gyms drop constraint gym_is_known_in_its_franchise;

reset role;
