-- Whoever has a gym and a franchise has them of one another: a manager of one gym was accepted into a foreign franchise.

-- As whoever migrates, who sees past row security: people of a gym are in its franchise, or in none.
update public.users
set franchise_id = gyms.franchise_id
from public.gyms
where users.gym_id = gyms.id
    and users.franchise_id is not null
    and users.franchise_id is distinct from gyms.franchise_id;

set local role jarvis_owner;

alter table public.gyms add constraint gym_is_known_in_its_franchise unique (franchise_id, id);
-- A gym that changes hands takes its people along.
alter table public.users add constraint user_s_gym_is_of_their_franchise
    foreign key (franchise_id, gym_id) references public.gyms (franchise_id, id) on update cascade;
create index users_by_franchise_and_gym on public.users (franchise_id, gym_id);

reset role;
