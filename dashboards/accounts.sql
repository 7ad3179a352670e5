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
