-- hold_simulation --
-- Keeps a second simulation waiting until this transaction ends.
select pg_advisory_xact_lock(hashtext('jarvis.simulate'));

-- is_empty --
-- True while nobody lives here: only then may a demo network move in.
select not exists (select from public.gyms) and not exists (select from public.users) as is_empty;

-- demo_logins --
-- Demo accounts with their place: all but the staff, of whom one is enough to look through.
select
    users.email,
    users.role,
    coalesce(gyms.name, franchises.name) as place
from public.users
left join public.gyms on users.gym_id = gyms.id
left join public.franchises on users.franchise_id = franchises.id
where users.email like %(pattern)s
    and users.is_active
    and (
        users.role <> 'gym_staff'
        or users.email = (
            select min(staff.email)
            from public.users as staff
            where staff.role = 'gym_staff' and staff.email like %(pattern)s
        )
    )
order by
    array_position(array['super_admin', 'franchise_owner', 'gym_manager', 'gym_staff', 'analyst'], users.role),
    users.email;
