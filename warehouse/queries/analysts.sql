-- franchise_id --
-- The franchise of this name, whatever its case.
select id from public.franchises where lower(name) = lower(%(franchise)s::text);

-- franchise_names --
-- Every franchise, to be named where one is not found.
select name from public.franchises order by name;

-- person --
-- Who has this e-mail, and the part of the network they stand for.
select id, role, franchise_id, gym_id, is_active from public.users where email = lower(%(email)s::text);

-- add_person --
-- A new analyst of a franchise; they sign in nowhere until they are given a password of the pages.
insert into public.users (email, role, franchise_id)
values (lower(%(email)s::text), 'analyst', %(franchise_id)s)
returning id;

-- logins --
-- Every login role with its person: e-mail, role, gym or franchise (null: the whole network), whether they are active.
select
    logins.role_name,
    users.email,
    users.role,
    coalesce(gyms.name, franchises.name) as place_name,
    users.is_active
from app.analyst_logins as logins
inner join public.users as users on logins.user_id = users.id
left join public.gyms as gyms on users.gym_id = gyms.id
left join public.franchises as franchises on users.franchise_id = franchises.id
order by users.email;

-- map_login --
-- From now on this login role is this person.
insert into app.analyst_logins (role_name, user_id) values (%(role_name)s, %(user_id)s);

-- unmap_login --
-- The login role is nobody: row security shows it no row.
delete from app.analyst_logins where role_name = %(role_name)s;

-- roles_like --
-- Login roles that exist under a name or a numbered one; roles belong to the server, not to one database.
select rolname::text from pg_catalog.pg_roles where rolname = %(stem)s or rolname like %(stem)s::text || '\_%%';

-- end_connections --
-- A login's open connections are closed; how many.
select count(pg_catalog.pg_terminate_backend(activity.pid))
from pg_catalog.pg_stat_activity as activity
where activity.usename = %(role_name)s;
