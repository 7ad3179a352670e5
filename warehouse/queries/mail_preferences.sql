-- What e-mails a person takes, and when: their own choice, read before each letter.

-- of_person --
-- The person's choice; no row where they have made none.
select preferences.unsubscribed_kinds, preferences.quiet_from, preferences.quiet_until
from public.mail_preferences as preferences
where preferences.user_id = %(user_id)s::uuid;

-- language --
-- The language a person reads in, where they chose one.
select users.language from public.users where users.id = %(user_id)s::uuid;

-- change_kinds --
-- The person takes these kinds from now on, or no longer; the others stay as they are.
insert into public.mail_preferences as preferences (user_id, unsubscribed_kinds)
values (%(user_id)s::uuid, case when %(is_wanted)s::boolean then '{}' else %(kinds)s::text[] end)
on conflict (user_id) do update
set unsubscribed_kinds = array(
        select known.kind
        from unnest(preferences.unsubscribed_kinds) as known (kind)
        where known.kind <> all (%(kinds)s::text[])
        union all
        select asked.kind
        from unnest(%(kinds)s::text[]) as asked (kind)
        where not %(is_wanted)s::boolean
    ),
    updated_at = now();

-- set_quiet_hours --
-- When nobody writes to the person, on their gym's own clock; the same hour twice is never.
insert into public.mail_preferences (user_id, quiet_from, quiet_until)
values (%(user_id)s::uuid, %(quiet_from)s::time, %(quiet_until)s::time)
on conflict (user_id) do update
set quiet_from = excluded.quiet_from,
    quiet_until = excluded.quiet_until,
    updated_at = now();

-- find_user --
-- The user of an e-mail address.
select users.id
from public.users
where lower(users.email) = lower(%(email)s::text);
