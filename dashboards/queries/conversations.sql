-- listing --
-- Conversations in view, the latest first; where a search found some, those only.
select
    sessions.id,
    sessions.started_at,
    gyms.name as gym_name,
    gyms.timezone,
    round(extract(epoch from sessions.ended_at - sessions.started_at))::double precision as duration_seconds,
    summaries.status as analysis_status,
    summaries.sentiment_label,
    summaries.emotion_detected as emotion,
    summaries.key_topics as topics,
    summaries.outcome,
    summaries.summary_text,
    sessions.has_analysis_consent
from public.openai_realtime_sessions as sessions
inner join public.gyms on gyms.id = sessions.gym_id
-- One at a time, so that the latest are read in their order and the walk ends with the last one shown.
left join lateral (
    select
        analyses.status,
        analyses.sentiment_label,
        analyses.emotion_detected,
        analyses.key_topics,
        analyses.outcome,
        analyses.summary_text
    from public.conversation_summaries as analyses
    where analyses.gym_id = sessions.gym_id and analyses.session_id = sessions.id
    limit 1
) as summaries on true
where sessions.state = 'closed'
    and (%(gym_id)s::uuid is null or sessions.gym_id = %(gym_id)s::uuid)
    and (%(found)s::uuid[] is null or sessions.id = any (%(found)s::uuid[]))
    and (%(sentiments)s::text[] = '{}' or summaries.sentiment_label = any (%(sentiments)s::text[]))
    and (%(topics)s::text[] = '{}' or summaries.key_topics && %(topics)s::text[])
    and (%(outcomes)s::text[] = '{}' or summaries.outcome = any (%(outcomes)s::text[]))
    and (%(since)s::timestamptz is null or sessions.started_at >= %(since)s::timestamptz)
    and (
        %(first)s::date is null
        or (
            sessions.started_at >= %(first)s::date::timestamp at time zone gyms.timezone
            -- No zone is further from UTC than this: a range that the index knows.
            and sessions.started_at >= (%(first)s::date - 1)::timestamp at time zone 'UTC'
        )
    )
    and (
        %(last)s::date is null
        or (
            sessions.started_at < (%(last)s::date + 1)::timestamp at time zone gyms.timezone
            and sessions.started_at < (%(last)s::date + 2)::timestamp at time zone 'UTC'
        )
    )
    -- These few have an index of their own.
    and (
        not %(is_unfounded)s::boolean
        or sessions.id = any (array(
            select claims.session_id
            from public.conversation_summaries as claims
            where claims.unfounded_claim_count > 0
        ))
    )
order by sessions.started_at desc, sessions.id
limit %(most)s::integer;

-- listing_count --
-- How many conversations the same choice holds, counted no further than asked. In a plain join: ten thousand are sooner
-- counted so than walked in their order.
select count(*) as chosen_count
from (
    select sessions.id
    from public.openai_realtime_sessions as sessions
    inner join public.gyms on gyms.id = sessions.gym_id
    left join public.conversation_summaries as summaries
        on summaries.gym_id = sessions.gym_id and summaries.session_id = sessions.id
    where sessions.state = 'closed'
        and (%(gym_id)s::uuid is null or sessions.gym_id = %(gym_id)s::uuid)
        and (%(found)s::uuid[] is null or sessions.id = any (%(found)s::uuid[]))
        and (%(sentiments)s::text[] = '{}' or summaries.sentiment_label = any (%(sentiments)s::text[]))
        and (%(topics)s::text[] = '{}' or summaries.key_topics && %(topics)s::text[])
        and (%(outcomes)s::text[] = '{}' or summaries.outcome = any (%(outcomes)s::text[]))
        and (%(since)s::timestamptz is null or sessions.started_at >= %(since)s::timestamptz)
        and (
            %(first)s::date is null
            or (
                sessions.started_at >= %(first)s::date::timestamp at time zone gyms.timezone
                -- No zone is further from UTC than this: a range that the index knows.
                and sessions.started_at >= (%(first)s::date - 1)::timestamp at time zone 'UTC'
            )
        )
        and (
            %(last)s::date is null
            or (
                sessions.started_at < (%(last)s::date + 1)::timestamp at time zone gyms.timezone
                and sessions.started_at < (%(last)s::date + 2)::timestamp at time zone 'UTC'
            )
        )
        -- These few have an index of their own.
        and (
            not %(is_unfounded)s::boolean
            or sessions.id = any (array(
                select claims.session_id
                from public.conversation_summaries as claims
                where claims.unfounded_claim_count > 0
            ))
        )
    limit %(most)s::integer
) as chosen;

-- conversation --
-- One conversation: who, where, how long, what the analysis says of it, what it cost.
select
    sessions.id,
    sessions.member_id,
    members.first_name,
    members.last_name,
    members.email,
    members.phone,
    sessions.started_at,
    sessions.ended_at,
    round(extract(epoch from sessions.ended_at - sessions.started_at))::double precision as duration_seconds,
    sessions.close_reason,
    sessions.language,
    sessions.model,
    sessions.has_analysis_consent,
    sessions.storage_level,
    sessions.cost_usd as voice_cost_usd,
    gyms.name as gym_name,
    gyms.timezone,
    kiosks.name as kiosk_name,
    summaries.status as analysis_status,
    summaries.summary_text,
    summaries.sentiment_label,
    summaries.sentiment_score::double precision as sentiment_score,
    summaries.emotion_detected as emotion,
    summaries.key_topics as topics,
    summaries.intents_detected as intents,
    summaries.outcome,
    placed.reading_rank,
    placed.reading_count,
    summaries.unfounded_claims,
    summaries.tier,
    summaries.engine,
    summaries.engine_version,
    summaries.cost_usd as analysis_cost_usd
from public.openai_realtime_sessions as sessions
inner join public.gyms on gyms.id = sessions.gym_id
inner join public.kiosks on kiosks.gym_id = sessions.gym_id and kiosks.id = sessions.kiosk_id
left join public.gym_members_v2 as members
    on members.gym_id = sessions.gym_id and members.id = sessions.member_id
left join public.conversation_summaries as summaries
    on summaries.gym_id = sessions.gym_id and summaries.session_id = sessions.id
-- Its place among the gym's conversations of the thirty days up to it, the least content first.
left join lateral (
    select
        1 + count(*) filter (where others.satisfaction < summaries.satisfaction) as reading_rank,
        count(*) as reading_count
    from public.openai_realtime_sessions as neighbours
    inner join public.conversation_summaries as others
        on others.gym_id = neighbours.gym_id and others.session_id = neighbours.id
    where summaries.satisfaction is not null
        and others.satisfaction is not null
        and neighbours.gym_id = sessions.gym_id
        and neighbours.state = 'closed'
        and neighbours.started_at > sessions.started_at - interval '30 days'
        and neighbours.started_at <= sessions.started_at
) as placed on summaries.satisfaction is not null
where sessions.id = %(session_id)s::uuid;

-- turns --
-- What was said, in its order, with how long the answer took to begin; whoever asks is on record as having read it.
select
    turns.id,
    turns.role,
    turns.text,
    turns.started_at,
    turns.sentiment_score::double precision as sentiment_score,
    turns.sentiment_label,
    turns.emotion,
    case
        when turns.role = 'assistant' then
            extract(epoch from turns.started_at - lag(turns.ended_at) over (order by turns.position, turns.id))
    end::double precision as answer_seconds
from app.note_reading(%(session_id)s::uuid) as noted (is_noted)
inner join public.session_turns as turns on noted.is_noted
where turns.session_id = %(session_id)s::uuid
order by turns.position, turns.id;

-- tool_calls --
-- What the assistant did meanwhile, in its order.
select
    calls.name,
    calls.status,
    calls.started_at,
    extract(epoch from calls.finished_at - calls.started_at)::double precision as seconds
from public.tool_calls as calls
where calls.session_id = %(session_id)s::uuid
order by calls.started_at, calls.id;

-- note_unmasking --
-- The person is on record as having read the names of this conversation; false where they see no such one.
select app.note_unmasking(%(session_id)s::uuid) as is_noted;
