-- Frames for the suites of `jarvis/quality.py`, a block a suite, and their results. Nothing here reads what was said,
-- a name, a contact or a badge. `since` and `until` bound the rows, `at_most` cuts them, the newest first.

-- table_columns --
-- Columns of a table with their types.
select attributes.attname || ' ' || pg_catalog.format_type(attributes.atttypid, attributes.atttypmod) as column_type
from pg_catalog.pg_attribute as attributes
where attributes.attrelid = to_regclass('public.' || %(table)s::text)
    and attributes.attnum > 0
    and not attributes.attisdropped;

-- sessions_keep_their_contract --
-- One row a session.
select
    sessions.id::text as session_id,
    sessions.state,
    sessions.close_reason,
    sessions.badge_outcome,
    sessions.storage_level,
    sessions.language,
    (sessions.state = 'closed') = (sessions.ended_at is not null and sessions.close_reason is not null) as has_one_end,
    extract(epoch from sessions.ended_at - sessions.started_at)::float8 as duration_seconds,
    sessions.cost_usd::float8 as cost_usd,
    extract(epoch from sessions.started_at - %(until)s::timestamptz)::float8 as seconds_ahead,
    sessions.state <> 'closed' or sessions.cost_usd = coalesce(ledgers.cost_usd, 0) as cost_is_its_ledger
from public.openai_realtime_sessions as sessions
left join lateral (
    select sum(usage.cost_usd) as cost_usd from public.realtime_usage as usage
    where usage.gym_id = sessions.gym_id and usage.session_id = sessions.id
) as ledgers on true
where sessions.started_at >= %(since)s::timestamptz
order by sessions.started_at desc
limit %(at_most)s;

-- events_keep_their_contract --
-- One row an event; the numbers a session skipped stand at its last one.
select
    events.direction,
    events.event_type,
    jsonb_typeof(events.payload) = 'object' as payload_is_an_object,
    octet_length(events.payload::text) as payload_bytes,
    case
        when row_number() over (partition by events.session_id order by events.seq desc) = 1
            then max(events.seq) over sessions - min(events.seq) over sessions + 1 - count(*) over sessions
        else 0
    end::integer as skipped_numbers
from public.realtime_events as events
where events.occurred_at >= %(since)s::timestamptz
window sessions as (partition by events.session_id)
order by events.occurred_at desc
limit %(at_most)s;

-- turns_keep_their_contract --
-- One row a turn, without its words.
select
    turns.session_id::text as session_id,
    turns.position,
    turns.role,
    turns.status,
    turns.sentiment_label,
    turns.emotion,
    turns.sentiment_score::float8 as sentiment_score,
    (turns.heard_ms::float8 / nullif(turns.total_ms, 0)) as heard_share,
    turns.gym_id = sessions.gym_id as is_of_its_sessions_gym
from public.session_turns as turns
inner join public.openai_realtime_sessions as sessions on turns.session_id = sessions.id
where turns.started_at >= %(since)s::timestamptz
order by turns.started_at desc
limit %(at_most)s;

-- usage_can_be_billed --
-- One row a response or transcription.
select
    usage.source_kind,
    nullif(usage.model, '') as model,
    nullif(usage.price_version, '') as price_version,
    usage.text_input_tokens + usage.audio_input_tokens + usage.image_input_tokens as input_tokens,
    usage.text_output_tokens + usage.audio_output_tokens as output_tokens,
    usage.cached_text_tokens <= usage.text_input_tokens
    and usage.cached_audio_tokens <= usage.audio_input_tokens
    and usage.cached_image_tokens <= usage.image_input_tokens as cached_is_part_of_input,
    usage.cost_usd::float8 as cost_usd,
    not usage.is_usage_missing as is_reported
from public.realtime_usage as usage
where usage.occurred_at >= %(since)s::timestamptz
order by usage.occurred_at desc
limit %(at_most)s;

-- visits_are_plausible --
-- One row a visit.
select
    visits.member_id::text as member_id,
    extract(epoch from visits.visited_at)::float8 as visited_at,
    visits.source,
    extract(epoch from visits.visited_at - %(until)s::timestamptz)::float8 as seconds_ahead,
    visits.gym_id = members.gym_id as is_of_its_members_gym
from public.member_visits as visits
inner join public.gym_members_v2 as members on visits.member_id = members.id
where visits.visited_at >= %(since)s::timestamptz
order by visits.visited_at desc
limit %(at_most)s;

-- memberships_are_plausible --
-- One row a membership; all of them, as each may be read for years.
select
    memberships.status,
    (memberships.expires_on - memberships.started_on)::integer as term_days,
    memberships.monthly_price_eur::float8 as monthly_price_eur,
    (memberships.status = 'cancelled') = (memberships.cancelled_on is not null) as cancelled_has_a_date
from public.memberships as memberships
where memberships.created_at <= greatest(%(until)s::timestamptz, %(since)s::timestamptz)
order by memberships.created_at desc
limit %(at_most)s;

-- kiosks_are_heard_when_used --
-- One row a kiosk and UTC day that is over, from the kiosk's first heartbeat on: heard, beside sessions and visits.
with

days as (
    select kiosks.id as kiosk_id, kiosks.gym_id, days.day
    from public.kiosks as kiosks
    cross join lateral generate_series(
        date_trunc('day', %(since)s::timestamptz, 'UTC'),
        date_trunc('day', %(until)s::timestamptz, 'UTC') - interval '1 day',
        interval '1 day'
    ) as days (day)
    where exists (
        select from public.kiosk_heartbeats as earlier
        where earlier.gym_id = kiosks.gym_id and earlier.kiosk_id = kiosks.id and earlier.received_at < days.day
    )
)

select
    days.kiosk_id::text as kiosk_id,
    coalesce(beats.beat_count, 0)::integer as beat_count,
    coalesce(talks.session_count, 0)::integer as session_count,
    (coalesce(beats.beat_count, 0) > 0 or coalesce(talks.session_count, 0) = 0) as is_heard_when_used,
    (
        coalesce(beats.beat_count, 0) = 0
        or exists (
            select from public.member_visits as visits
            where visits.gym_id = days.gym_id
                and visits.visited_at >= days.day
                and visits.visited_at < days.day + interval '1 day'
        )
        or exists (
            select from public.gym_closures as closures
            where closures.gym_id = days.gym_id and days.day::date between closures.starts_on and closures.ends_on
        )
    ) as has_visits_when_heard,
    beats.network_ms
from days
left join lateral (
    select count(*) as beat_count, max(heartbeats.network_ms) as network_ms
    from public.kiosk_heartbeats as heartbeats
    where heartbeats.gym_id = days.gym_id
        and heartbeats.kiosk_id = days.kiosk_id
        and heartbeats.received_at >= days.day
        and heartbeats.received_at < days.day + interval '1 day'
) as beats on true
left join lateral (
    select count(*) as session_count
    from public.openai_realtime_sessions as sessions
    where sessions.gym_id = days.gym_id
        and sessions.kiosk_id = days.kiosk_id
        and sessions.started_at >= days.day
        and sessions.started_at < days.day + interval '1 day'
) as talks on true
order by days.day desc
limit %(at_most)s;

-- volume_is_usual --
-- One row a gym that usually has some rows of the table: those of the last whole local day, beside the median of its
-- weekday before.
with

bounds as (
    select
        gyms.id as gym_id,
        gyms.timezone,
        (%(until)s::timestamptz at time zone gyms.timezone)::date - 1 as last_date
    from public.gyms as gyms
    inner join app.served_gyms as served on gyms.id = served.gym_id and served.status = 'active'
    where %(since)s::timestamptz < %(until)s::timestamptz
),

weekdays as (
    select
        bounds.gym_id,
        weeks.weeks_before,
        (
            select count(*)
            from (
                select visits.gym_id, visits.visited_at as happened_at from public.member_visits as visits
                where %(table)s::text = 'member_visits'
                union all
                select sessions.gym_id, sessions.started_at from public.openai_realtime_sessions as sessions
                where %(table)s::text = 'openai_realtime_sessions'
            ) as happened
            where happened.gym_id = bounds.gym_id
                and happened.happened_at
                >= (bounds.last_date - 7 * weeks.weeks_before)::timestamp at time zone bounds.timezone
                and happened.happened_at
                < (bounds.last_date - 7 * weeks.weeks_before + 1)::timestamp at time zone bounds.timezone
        ) as found_count
    from bounds
    cross join generate_series(0, 6) as weeks (weeks_before)
    where not exists (
        select from public.gym_closures as closures
        where closures.gym_id = bounds.gym_id
            and bounds.last_date - 7 * weeks.weeks_before between closures.starts_on and closures.ends_on
    )
)

select
    weekdays.gym_id::text as gym_id,
    max(weekdays.found_count) filter (where weekdays.weeks_before = 0)::integer as found_count,
    percentile_cont(0.5) within group (order by weekdays.found_count)
        filter (where weekdays.weeks_before > 0) as usual_count,
    max(weekdays.found_count) filter (where weekdays.weeks_before = 0)::float8
    / percentile_cont(0.5) within group (order by weekdays.found_count)
        filter (where weekdays.weeks_before > 0) as share_of_usual
from weekdays
group by weekdays.gym_id
-- Fewer say nothing, and a gym that is closed that day is not expected to have any.
having percentile_cont(0.5) within group (order by weekdays.found_count)
    filter (where weekdays.weeks_before > 0) >= %(least_usual)s::integer
    and count(*) filter (where weekdays.weeks_before = 0) = 1
order by weekdays.gym_id
limit %(at_most)s;

-- keep_verdict --
-- Puts the outcome of one expectation on record.
insert into app.quality_results (
    ran_at, suite, expectation, severity, is_met, element_count, unexpected_count, error
)
values (
    %(ran_at)s::timestamptz, %(suite)s::text, %(expectation)s::text, %(severity)s::text, %(is_met)s::boolean,
    %(element_count)s::integer, %(unexpected_count)s::integer, %(error)s::text
)
on conflict (suite, expectation, ran_at) do nothing;

-- forget_verdicts --
-- What is older than the moment is no longer on record; how many rows.
delete from app.quality_results where ran_at < %(before)s::timestamptz;

-- newest_verdicts --
-- The newest outcome of every expectation of these suites.
select distinct on (results.suite)
    results.suite,
    results.ran_at,
    (
        select coalesce(array_agg(unmet.expectation order by unmet.expectation), '{}')
        from app.quality_results as unmet
        where unmet.suite = results.suite
            and unmet.ran_at = results.ran_at
            and unmet.severity = 'error'
            and not unmet.is_met
    ) as unmet_errors
from app.quality_results as results
where results.suite = any (%(suites)s::text[])
order by results.suite, results.ran_at desc;
