-- Past conversations that two engine versions are compared on; nothing is locked and nothing is written.

-- past_sessions --
-- Analysed sessions whose words are kept, the latest first, with the labels as their engine gave them.
select
    summaries.gym_id,
    summaries.session_id,
    summaries.kiosk_id,
    summaries.member_id,
    sessions.ended_at as occurred_at,
    sessions.language,
    array_remove(array[members.first_name, members.last_name, members.email, members.phone], null) as known_of_member,
    app.keeps_health(summaries.gym_id, summaries.member_id) as keeps_health,
    summaries.engine,
    summaries.engine_version,
    summaries.summary_text,
    coalesce((summaries.engine_labels ->> 'sentiment_score')::double precision, summaries.sentiment_score::double precision)
        as sentiment_score,
    coalesce(summaries.engine_labels ->> 'sentiment_label', summaries.sentiment_label) as sentiment_label,
    coalesce(summaries.engine_labels ->> 'emotion', summaries.emotion_detected) as emotion,
    coalesce(summaries.engine_labels -> 'topics', to_jsonb(summaries.key_topics)) as topics,
    coalesce(summaries.engine_labels -> 'intents', to_jsonb(summaries.intents_detected)) as intents,
    coalesce(summaries.engine_labels ->> 'outcome', summaries.outcome) as outcome,
    coalesce(summaries.evidence, '{}'::jsonb) as evidence,
    coalesce(summaries.issues, '[]'::jsonb) as issues,
    summaries.tokens,
    summaries.cost_usd
from public.conversation_summaries as summaries
inner join public.openai_realtime_sessions as sessions
    on summaries.gym_id = sessions.gym_id and summaries.session_id = sessions.id
inner join public.gyms on summaries.gym_id = gyms.id
left join public.gym_members_v2 as members on summaries.gym_id = members.gym_id and summaries.member_id = members.id
where summaries.status = 'completed'
    and summaries.summary_text is not null
    and sessions.has_analysis_consent
    and (%(gym_slug)s::text is null or gyms.slug = %(gym_slug)s::text)
    and (%(since)s::date is null or sessions.ended_at >= %(since)s::date)
    and exists (
        select from public.session_turns as turns
        where turns.gym_id = summaries.gym_id
            and turns.session_id = summaries.session_id
            and turns.role = 'member'
            and turns.status <> 'failed'
            and trim(turns.text) <> ''
    )
order by sessions.ended_at desc, summaries.session_id
limit %(limit)s::integer;

-- labelled_turns --
-- The member's turns of these sessions with the labels as their engine gave them.
select
    turns.session_id,
    turns.id::text as turn_id,
    coalesce((turns.engine_labels ->> 'sentiment_score')::double precision, turns.sentiment_score::double precision)
        as sentiment_score,
    coalesce(turns.engine_labels ->> 'sentiment_label', turns.sentiment_label) as sentiment_label,
    coalesce(turns.engine_labels ->> 'emotion', turns.emotion) as emotion,
    coalesce(turns.engine_labels -> 'intents', to_jsonb(turns.intents)) as intents
from public.session_turns as turns
where turns.session_id = any (%(session_ids)s::uuid[])
    and turns.gym_id = any (%(gym_ids)s::uuid[])
    and turns.role = 'member'
    and turns.sentiment_label is not null
order by turns.session_id, turns.position, turns.started_at;
