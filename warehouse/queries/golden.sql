-- Conversations whose labels people have looked at: what engines are compared on besides the shipped golden set.

-- judged_sessions --
-- One row per session with the labels as they are shown, and which of them a person has corrected or confirmed.
select
    judged.gym_id,
    judged.session_id,
    judged.fields as judged_fields,
    sessions.language,
    summaries.sentiment_label,
    summaries.emotion_detected as emotion,
    summaries.key_topics as topics,
    summaries.intents_detected as intents,
    summaries.outcome,
    summaries.engine_version,
    array_remove(array[members.first_name, members.last_name, members.email, members.phone], null) as known_of_member
from (
    select
        corrections.gym_id,
        corrections.session_id,
        array_agg(distinct corrections.field) as fields,
        max(corrections.id) as newest_id
    from public.label_corrections as corrections
    where corrections.turn_id is null
    group by corrections.gym_id, corrections.session_id
) as judged
inner join public.openai_realtime_sessions as sessions
    on judged.gym_id = sessions.gym_id and judged.session_id = sessions.id
inner join public.conversation_summaries as summaries
    on judged.gym_id = summaries.gym_id and judged.session_id = summaries.session_id
inner join public.gyms on gyms.id = judged.gym_id
left join public.gym_members_v2 as members on summaries.gym_id = members.gym_id and summaries.member_id = members.id
where sessions.has_analysis_consent
    and summaries.sentiment_label is not null
    and (%(gym_slug)s::text is null or gyms.slug = %(gym_slug)s::text)
order by judged.newest_id desc
limit %(limit)s::integer;

-- judged_turns --
-- The turns of these sessions, in the order spoken; the labels of those that a person has judged altogether.
select
    turns.session_id,
    turns.id::text as turn_id,
    turns.role,
    turns.text,
    turns.sentiment_label,
    turns.emotion,
    turns.intents,
    (
        select count(distinct corrections.field) = 3
        from public.label_corrections as corrections
        where corrections.gym_id = turns.gym_id
            and corrections.session_id = turns.session_id
            and corrections.turn_id = turns.id
    ) as is_judged
from public.session_turns as turns
where turns.session_id = any (%(session_ids)s::uuid[])
    and turns.gym_id = any (%(gym_ids)s::uuid[])
    and turns.status <> 'failed'
    and trim(turns.text) <> ''
order by turns.session_id, turns.position, turns.started_at;
