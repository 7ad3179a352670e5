-- open_session --
-- Opens a session once, vouched for by one gateway for a lease.
insert into public.openai_realtime_sessions (
    id, gym_id, kiosk_id, member_id, badge_outcome, started_at, gateway_instance, lease_until, model, voice, language,
    has_analysis_consent, notice_version, price_version
)
values (
    %(session_id)s::uuid, %(gym_id)s::uuid, %(kiosk_id)s::uuid, %(member_id)s::uuid, %(badge_outcome)s::text,
    %(started_at)s::timestamptz, %(gateway_instance)s::text,
    now() + make_interval(secs => %(lease_seconds)s::integer), %(model)s::text, %(voice)s::text, %(language)s::text,
    %(has_analysis_consent)s::boolean, %(notice_version)s::text, %(price_version)s::text
)
on conflict (id) do nothing;

-- save_session_consent --
-- Notes what was answered to the notice, for the whole session.
update public.openai_realtime_sessions
set has_analysis_consent = %(has_analysis_consent)s::boolean, notice_version = %(notice_version)s::text
where id = %(session_id)s::uuid;

-- save_consent --
-- Keeps one answer of a member, given at a kiosk; it counts until a later one.
insert into public.consents (id, gym_id, member_id, purpose, is_granted, notice_version, source, recorded_at)
values (
    %(consent_id)s::uuid, %(gym_id)s::uuid, %(member_id)s::uuid, %(purpose)s::text, %(is_granted)s::boolean,
    %(notice_version)s::text, 'kiosk', %(recorded_at)s::timestamptz
)
on conflict (id) do nothing;

-- change_consent --
-- Takes an answer given in an open session of the asking kiosk: one no counts for all of it, a yes needs the notice.
with asking as (
    select
        sessions.id, sessions.gym_id, sessions.member_id,
        -- With what the gym keeps, as its notice said.
        coalesce(sessions.notice_version, %(notice_version)s::text) as notice_version
    from public.openai_realtime_sessions as sessions
    where sessions.id = %(session_id)s::uuid
        and sessions.kiosk_id = app.kiosk_id()
        and sessions.state = 'active'
        and (not %(is_granted)s::boolean or split_part(sessions.notice_version, '/', 1) = %(notice_version)s::text)
),
noted as (
    update public.openai_realtime_sessions as sessions
    set has_analysis_consent = sessions.has_analysis_consent and %(is_granted)s::boolean
    from asking
    where sessions.id = asking.id
    returning sessions.has_analysis_consent
),
kept as (
    insert into public.consents (id, gym_id, member_id, purpose, is_granted, notice_version, source)
    select
        %(consent_id)s::uuid, asking.gym_id, asking.member_id, %(purpose)s::text, %(is_granted)s::boolean,
        asking.notice_version, 'kiosk'
    from asking
    where asking.member_id is not null
    on conflict (id) do nothing
)
select
    noted.has_analysis_consent as has_consent,
    asking.member_id is not null as has_member
from noted
cross join asking;

-- save_visit --
-- Counts a badge as a visit, once per moment.
insert into public.member_visits (gym_id, member_id, kiosk_id, visited_at, source)
values (%(gym_id)s::uuid, %(member_id)s::uuid, %(kiosk_id)s::uuid, %(visited_at)s::timestamptz, 'badge')
on conflict on constraint visit_is_recorded_once do nothing;

-- touch_last_visit --
-- Moves a member's last visit forward, never back.
update public.gym_members_v2
set last_visit = greatest(last_visit, %(visited_at)s::timestamptz)
where id = %(member_id)s::uuid;

-- bind_badge --
-- Reads a badge that was scanned while the database was away; a session that knows its badge keeps it.
update public.openai_realtime_sessions as sessions
set badge_outcome = badge.outcome, member_id = badge.member_id
from app.identify_badge(%(badge_id)s::text) as badge
where sessions.id = %(session_id)s::uuid and sessions.badge_outcome is null;

-- save_visit_of_badge --
-- Counts such a badge as the visit it was, at the time it was scanned.
insert into public.member_visits (gym_id, member_id, kiosk_id, visited_at, source)
select %(gym_id)s::uuid, badge.member_id, %(kiosk_id)s::uuid, %(visited_at)s::timestamptz, 'badge'
from app.identify_badge(%(badge_id)s::text) as badge
where badge.outcome = 'known'
on conflict on constraint visit_is_recorded_once do nothing;

-- touch_last_visit_of_badge --
-- Moves that member's last visit forward, never back.
update public.gym_members_v2 as members
set last_visit = greatest(members.last_visit, %(visited_at)s::timestamptz)
from app.identify_badge(%(badge_id)s::text) as badge
where members.id = badge.member_id and badge.outcome = 'known';

-- set_session_language --
-- Notes the language that is spoken from now on.
update public.openai_realtime_sessions
set language = %(language)s::text
where id = %(session_id)s::uuid;

-- name_upstream --
-- Notes which upstream session answers.
update public.openai_realtime_sessions
set upstream_session_id = %(upstream_session_id)s::text
where id = %(session_id)s::uuid;

-- save_turn --
-- Keeps one turn; a later version of the same item replaces it, its place and time included.
insert into public.session_turns (
    session_id, gym_id, item_id, position, role, text, generated_text, status, started_at, ended_at, heard_ms, total_ms,
    is_recovered
)
values (
    %(session_id)s::uuid, %(gym_id)s::uuid, %(item_id)s::text, %(position)s::integer, %(role)s::text, %(text)s::text,
    %(generated_text)s::text, %(status)s::text, %(started_at)s::timestamptz, %(ended_at)s::timestamptz,
    %(heard_ms)s::integer, %(total_ms)s::integer, %(is_recovered)s::boolean
)
on conflict on constraint turn_is_recorded_once do update
set position = excluded.position,
    started_at = excluded.started_at,
    text = excluded.text,
    generated_text = excluded.generated_text,
    status = excluded.status,
    ended_at = excluded.ended_at,
    heard_ms = excluded.heard_ms,
    total_ms = excluded.total_ms,
    is_recovered = excluded.is_recovered;

-- start_tool_call --
-- Notes a tool call before it runs; the same call never runs twice.
insert into public.tool_calls (session_id, gym_id, call_id, name, arguments, started_at)
values (
    %(session_id)s::uuid, %(gym_id)s::uuid, %(call_id)s::text, %(name)s::text, %(arguments)s::jsonb,
    %(started_at)s::timestamptz
)
on conflict on constraint tool_call_runs_once do nothing;

-- claim_tool_call --
-- Claims a started call for whoever asks first; anybody after gets what came of it so far.
with claimed as (
    update public.tool_calls
    set claimed_at = clock_timestamp()
    where session_id = %(session_id)s::uuid and call_id = %(call_id)s::text
        and status = 'started' and claimed_at is null
    returning claimed_at
)
select
    (select claimed.claimed_at from claimed) as claimed_at,
    calls.status,
    calls.output
from public.tool_calls as calls
where calls.session_id = %(session_id)s::uuid and calls.call_id = %(call_id)s::text;

-- session_has_member --
-- True while the session is open and a known badge opened it.
select app.session_member_id(%(session_id)s::uuid) is not null as has_member;

-- finish_tool_call --
-- Keeps the result of a tool call before the model hears it, from whoever claimed it; of one nobody claimed, from anybody.
update public.tool_calls
set status = %(status)s::text, output = %(output)s::jsonb, finished_at = %(finished_at)s::timestamptz
where session_id = %(session_id)s::uuid and call_id = %(call_id)s::text and status = 'started'
    and claimed_at is not distinct from %(claimed_at)s::timestamptz;

-- save_usage --
-- Bills one response or one transcription once.
insert into public.realtime_usage (
    session_id, gym_id, source_kind, source_id, model, text_input_tokens, audio_input_tokens, cached_text_tokens,
    cached_audio_tokens, text_output_tokens, audio_output_tokens, image_input_tokens, cached_image_tokens,
    duration_seconds, is_estimated, is_usage_missing, price_version, cost_usd, occurred_at
)
values (
    %(session_id)s::uuid, %(gym_id)s::uuid, %(source_kind)s::text, %(source_id)s::text, %(model)s::text,
    %(text_input_tokens)s::integer, %(audio_input_tokens)s::integer, %(cached_text_tokens)s::integer,
    %(cached_audio_tokens)s::integer, %(text_output_tokens)s::integer, %(audio_output_tokens)s::integer,
    %(image_input_tokens)s::integer, %(cached_image_tokens)s::integer, %(duration_seconds)s::numeric,
    %(is_estimated)s::boolean, %(is_usage_missing)s::boolean, %(price_version)s::text, %(cost_usd)s::numeric,
    %(occurred_at)s::timestamptz
)
on conflict on constraint usage_is_billed_once do nothing;

-- add_up_cost --
-- Sets a session's cost to the sum of what it was billed.
update public.openai_realtime_sessions
set cost_usd = (
    select coalesce(sum(usage.cost_usd), 0) from public.realtime_usage as usage
    where usage.session_id = %(session_id)s::uuid
)
where id = %(session_id)s::uuid;

-- close_session --
-- Closes a session with its one reason; one that is already closed keeps its own.
update public.openai_realtime_sessions
set state = 'closed',
    close_reason = %(close_reason)s::text,
    ended_at = greatest(started_at, %(ended_at)s::timestamptz)
where id = %(session_id)s::uuid and state = 'active';

-- append_event --
-- Appends one protocol event; one that a replay brings again is absorbed.
insert into public.realtime_events (
    session_id, gym_id, seq, occurred_at, direction, event_type, event_id, item_id, response_id, payload
)
values (
    %(session_id)s::uuid, %(gym_id)s::uuid, %(seq)s::integer, %(occurred_at)s::timestamptz, %(direction)s::text,
    %(event_type)s::text, %(event_id)s::text, %(item_id)s::text, %(response_id)s::text, %(payload)s::jsonb
)
on conflict do nothing;

-- renew_leases --
-- Vouches for the named sessions of one kiosk, as far as they are active, for some seconds more.
update public.openai_realtime_sessions
set lease_until = now() + make_interval(secs => %(valid_seconds)s::integer)
where id = any (%(session_ids)s::uuid[]) and state = 'active';

-- end_leases --
-- Vouches no longer for any session of a gateway that is gone.
select app.renew_session_leases(%(gateway_instance)s::text, -1) as ended;

-- lost_sessions --
-- Finds what no living gateway vouches for.
select lost.session_id, lost.kiosk_id, lost.gym_id from app.lost_sessions(%(at_most)s::integer) as lost;

-- lock_lost_session --
-- Takes a lost session for this transaction, unless it is closed or another gateway's by now.
select coalesce(sessions.model, 'unknown') as model
from public.openai_realtime_sessions as sessions
where sessions.id = %(session_id)s::uuid and sessions.state = 'active' and sessions.lease_until < now()
for update skip locked;

-- events_of_session --
-- Reads a session's log in order, without the lengths of what the member said aloud.
select events.occurred_at, events.direction, events.payload
from public.realtime_events as events
where events.session_id = %(session_id)s::uuid
    and events.gym_id = %(gym_id)s::uuid
    and events.event_type <> 'input_audio_buffer.append'
order by events.seq;

-- give_up_tool_calls --
-- Marks a lost session's unfinished calls: they may have run or not, and nobody runs them again.
update public.tool_calls
set status = 'unknown', finished_at = now()
where session_id = %(session_id)s::uuid and gym_id = %(gym_id)s::uuid and status = 'started';

-- close_lost_session --
-- Closes a lost session at its last sign of life.
update public.openai_realtime_sessions
set state = 'closed',
    close_reason = 'gateway_lost',
    ended_at = greatest(
        started_at,
        (
            select max(events.occurred_at) from public.realtime_events as events
            where events.session_id = %(session_id)s::uuid and events.gym_id = %(gym_id)s::uuid
        )
    )
where id = %(session_id)s::uuid and state = 'active';

-- settle_lost_tool_calls --
-- Marks calls that nobody will finish.
select app.settle_lost_tool_calls() as settled;
