-- What the assistant's tool writes of the one member who badged: days on which nobody should miss them.

-- declare --
-- Writes or withdraws the absence of the session's member.
select declared.outcome, declared.starts_on, declared.ends_on
from app.declare_absence(
    %(session_id)s::uuid, %(starts_on)s::date, %(ends_on)s::date, %(length_days)s::integer, %(reason)s::text,
    %(is_withdrawn)s::boolean
) as declared;
