-- The people who sign in, as whoever manages them sees and changes them; every change asks for a session proven lately.

-- people --
-- People with their place and state, who runs most first; an id that is given finds that one alone.
select
    users.id, users.email, users.full_name, users.role, users.gym_id, gyms.name as gym_name, users.franchise_id,
    franchises.name as franchise_name, users.mfa_enabled as has_second_factor, users.created_at,
    people.invited_until, people.locked_until, people.last_signed_in_at, people.may_change, states.state
from app.people() as people
inner join public.users on users.id = people.user_id
left join public.gyms on gyms.id = users.gym_id
left join public.franchises on franchises.id = users.franchise_id
cross join lateral (
    select case
        when not users.is_active then 'suspended'
        when people.locked_until is not null then 'locked'
        when not people.has_password and people.last_signed_in_at is null then 'invited'
        else 'active'
    end as state
) as states
where (%(id)s::uuid is null or users.id = %(id)s::uuid)
    and (%(gym_id)s::uuid is null or users.gym_id = %(gym_id)s::uuid)
    and (%(words)s::text is null or concat_ws(' ', users.full_name, users.email) ilike '%%' || %(words)s::text || '%%')
    and (cardinality(%(roles)s::text[]) = 0 or users.role = any (%(roles)s::text[]))
    and (cardinality(%(states)s::text[]) = 0 or states.state = any (%(states)s::text[]))
order by
    array_position(array['super_admin', 'franchise_owner', 'gym_manager', 'gym_staff', 'analyst'], users.role),
    gyms.name nulls first, coalesce(users.full_name, users.email), users.id
limit %(most)s::integer;

-- places --
-- The gyms and franchises somebody can be given, by name.
select gyms.id, gyms.name, 'gym' as kind
from public.gyms
union all
select franchises.id, franchises.name, 'franchise' as kind
from public.franchises
order by name, id;

-- invite_person --
-- Somebody new, who sets their own password by the link.
select app.invite_person(
    %(token_hash)s::bytea, %(proof_age)s::interval, %(email)s::text, %(full_name)s::text, %(role)s::text,
    %(franchise_id)s::uuid, %(gym_id)s::uuid, %(link_hash)s::bytea, %(valid_for)s::interval
) as answer;

-- invite_person_again --
-- A new link for somebody who has not set a password yet.
select app.invite_person_again(
    %(token_hash)s::bytea, %(proof_age)s::interval, %(user_id)s::uuid, %(link_hash)s::bytea, %(valid_for)s::interval
) as answer;

-- change_person --
-- Somebody's name, role and place are these.
select app.change_person(
    %(token_hash)s::bytea, %(proof_age)s::interval, %(user_id)s::uuid, %(full_name)s::text, %(role)s::text,
    %(franchise_id)s::uuid, %(gym_id)s::uuid
) as answer;

-- set_person_active --
-- Somebody is suspended, and every session of theirs over; or may sign in again.
select app.set_person_active(
    %(token_hash)s::bytea, %(proof_age)s::interval, %(user_id)s::uuid, %(is_active)s::boolean
) as answer;

-- reset_second_factor --
-- Takes somebody's second factor away, for whoever manages them.
select app.reset_second_factor_of(%(token_hash)s::bytea, %(proof_age)s::interval, %(user_id)s::uuid) as answer;

-- unlock_person --
-- Wrong passwords and codes are forgotten.
select app.unlock_person(%(token_hash)s::bytea, %(proof_age)s::interval, %(user_id)s::uuid) as answer;
