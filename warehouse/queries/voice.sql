-- issue_client_secret --
-- Keeps the hash of a new client secret of the kiosk that holds a token.
select app.issue_client_secret(
    %(token_hash)s::bytea, %(secret_hash)s::bytea, %(valid_seconds)s::integer
) as expires_at;

-- token_behind_client_secret --
-- Finds the device token's hash that a client secret stands for.
select app.token_behind_client_secret(%(secret_hash)s::bytea) as token_hash;

-- sessions --
-- A kiosk's own sessions, the latest first, or one of them.
select
    sessions.id, sessions.state, sessions.started_at, sessions.ended_at, sessions.close_reason, sessions.language,
    (
        select count(*) from public.session_turns as turns
        where turns.gym_id = sessions.gym_id and turns.session_id = sessions.id
    ) as turn_count
from public.openai_realtime_sessions as sessions
where sessions.kiosk_id = %(kiosk_id)s::uuid
    and (%(id)s::uuid is null or sessions.id = %(id)s::uuid)
    and (%(state)s::text is null or sessions.state = %(state)s::text)
    and (
        %(after_at)s::timestamptz is null
        or (sessions.started_at, sessions.id) < (%(after_at)s::timestamptz, %(after_id)s::uuid)
    )
order by sessions.started_at desc, sessions.id desc
limit %(asked)s::integer;

-- turns --
-- What was said in a kiosk's own session, while it is open and shortly after.
select
    turns.item_id, turns.position, turns.role, turns.text, turns.status, turns.started_at, turns.ended_at, turns.id
from public.session_turns as turns
inner join public.openai_realtime_sessions as sessions
    on sessions.gym_id = turns.gym_id and sessions.id = turns.session_id
where sessions.id = %(id)s::uuid
    and sessions.kiosk_id = %(kiosk_id)s::uuid
    and (
        sessions.ended_at is null
        or sessions.ended_at > now() - make_interval(secs => %(readable_seconds)s::integer)
    )
    and (
        %(after_position)s::integer is null
        or (turns.position, turns.id) > (%(after_position)s::integer, %(after_id)s::uuid)
    )
order by turns.position, turns.id
limit %(asked)s::integer;

-- tool_call --
-- How far a call of a kiosk's own session has come; its columns are null where it was never made.
select sessions.state, calls.name, calls.arguments, calls.status, calls.output
from public.openai_realtime_sessions as sessions
left join public.tool_calls as calls
    on calls.gym_id = sessions.gym_id and calls.session_id = sessions.id and calls.call_id = %(call_id)s::text
where sessions.id = %(id)s::uuid and sessions.kiosk_id = %(kiosk_id)s::uuid;
