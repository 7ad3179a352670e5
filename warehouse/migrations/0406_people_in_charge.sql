-- Who answers for a gym: a gym without an active manager is run by its franchise's owner, whom no letter reached.

set local role jarvis_owner;

create view app.people_in_charge with (security_invoker = true) as
select gyms.id as gym_id, users.id as user_id
from public.gyms
inner join public.users
    on users.is_active
    and (
        (users.role = 'gym_manager' and users.gym_id = gyms.id)
        or (
            users.role = 'franchise_owner'
            and users.franchise_id = gyms.franchise_id
            and not exists (
                select from public.users as managers
                where managers.gym_id = gyms.id and managers.role = 'gym_manager' and managers.is_active
            )
        )
    );
comment on view app.people_in_charge is
    'Whom a gym''s letters reach: its active managers, or the owners of its franchise where it has none.';
grant select on app.people_in_charge to jarvis_pipeline;

reset role;
