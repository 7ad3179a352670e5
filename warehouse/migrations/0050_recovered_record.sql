-- What a lost gateway left can be told from what it finished: recovered turns, bills that never came, sessions to settle.

set local role jarvis_owner;

alter table public.session_turns
    -- True when its words were put together from pieces, because nobody was left to finish it.
    add column is_recovered boolean not null default false;

alter table public.realtime_usage
    -- True for an answer or transcription whose bill never came: its row says so, and costs nothing.
    add column is_usage_missing boolean not null default false,
    add column image_input_tokens integer not null default 0,
    -- Part of the image tokens above, never beside them.
    add column cached_image_tokens integer not null default 0,
    add constraint cached_image_tokens_are_part_of_input check (cached_image_tokens <= image_input_tokens),
    add constraint missing_usage_costs_nothing check (not is_usage_missing or cost_usd = 0);

-- A gateway works for the kiosk of its transaction only; whose sessions nobody vouches for it must ask past that.
create function app.lost_sessions(at_most integer) returns table (session_id uuid, kiosk_id uuid, gym_id uuid)
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
    select sessions.id as session_id, sessions.kiosk_id, sessions.gym_id
    from public.openai_realtime_sessions as sessions
    where sessions.state = 'active' and sessions.lease_until < now()
    order by sessions.lease_until
    limit at_most;
end;
alter function app.lost_sessions(integer) owner to jarvis_definer;
revoke execute on function app.lost_sessions(integer) from public;
grant execute on function app.lost_sessions(integer) to jarvis_gateway;
-- A gateway mends what it closes, one session after another.
revoke execute on function app.close_lost_sessions() from jarvis_gateway;

reset role;
