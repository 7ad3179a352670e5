-- set_password --
-- One person's password, with no wrong tries and no lock.
insert into public.user_credentials as credentials (user_id, password_hash)
select users.id, %(password_hash)s::text
from public.users
where users.email = %(email)s::text
on conflict (user_id) do update
set password_hash = excluded.password_hash, failed_attempts = 0, locked_until = null, updated_at = now()
returning credentials.user_id;

-- revoke_sessions --
-- Ends every session of one person.
update public.dashboard_sessions as sessions
set revoked_at = now()
from public.users
where users.email = %(email)s::text
    and sessions.user_id = users.id
    and sessions.revoked_at is null;

-- person --
-- Somebody who signs in, and whether they ever chose a password.
select
    users.id, users.full_name, users.is_active,
    exists (select from public.user_credentials as credentials where credentials.user_id = users.id) as has_password
from public.users
where users.email = %(email)s::text;

-- place --
-- The franchise or the gym that is meant: a gym by its slug, a franchise by its name.
select
    (select franchises.id from public.franchises where franchises.name = %(franchise)s::text) as franchise_id,
    (select gyms.id from public.gyms where gyms.slug = %(gym)s::text) as gym_id;

-- add_person --
-- Somebody new, without a password.
insert into public.users (email, full_name, role, franchise_id, gym_id)
values (%(email)s::text, %(full_name)s::text, %(role)s::text, %(franchise_id)s::uuid, %(gym_id)s::uuid)
returning id;

-- forget_links --
-- Links that were not used are worth nothing any more.
delete from public.account_links
where user_id = %(user_id)s::uuid and used_at is null;

-- add_link --
-- A link by which somebody sets their password, once.
insert into public.account_links (token_hash, user_id, purpose, expires_at)
values (%(token_hash)s::bytea, %(user_id)s::uuid, %(purpose)s::text, now() + %(valid_for)s::interval);

-- forget_second_factor --
-- The person has no second factor any more; whether they had one.
with forgotten as (
    delete from public.second_factors where user_id = %(user_id)s::uuid returning user_id
),
codes as (
    delete from public.recovery_codes where user_id = %(user_id)s::uuid
)
update public.users
set mfa_enabled = false
where id = %(user_id)s::uuid
returning exists (select from forgotten) as had_one;

-- audit_operator --
-- What an operator did to an account at the command line.
insert into public.audit_log (gym_id, actor_role, action, subject_table, subject_id)
select users.gym_id, 'operator', %(action)s::text, 'users', users.id::text
from public.users
where users.id = %(user_id)s::uuid;
