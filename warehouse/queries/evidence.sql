-- Evidence: what the analyses and the alerts of the last days rest on, as the asset checks look at it.

-- claims_without_turns --
-- Claims of recent analyses that cite no turn at all; the first ones, with how many there are.
with recent as (
    select
        session_id,
        evidence,
        action_items,
        issues,
        -- What a person has said instead rests on that person.
        coalesce(engine_labels -> 'topics', to_jsonb(key_topics)) as topics,
        coalesce(engine_labels -> 'intents', to_jsonb(intents_detected)) as intents
    from public.conversation_summaries
    where status = 'completed' and analysed_at > now() - %(window)s::interval
),

claims as (
    select recent.session_id, fields.name as claim, recent.evidence -> fields.name as turn_ids
    from recent
    cross join unnest(%(fields)s::text[]) as fields (name)
    union all
    select recent.session_id, 'key_topics.' || topics.name, recent.evidence -> ('key_topics.' || topics.name)
    from recent
    cross join jsonb_array_elements_text(recent.topics) as topics (name)
    union all
    select recent.session_id, 'intents.' || intents.name, recent.evidence -> ('intents.' || intents.name)
    from recent
    cross join jsonb_array_elements_text(recent.intents) as intents (name)
    union all
    select recent.session_id, 'action_items.' || items.place, items.item -> 'source_turn_ids'
    from recent
    cross join jsonb_array_elements(coalesce(recent.action_items, '[]'::jsonb)) with ordinality as items (item, place)
    union all
    select recent.session_id, 'issues.' || items.place, items.item -> 'source_turn_ids'
    from recent
    cross join jsonb_array_elements(coalesce(recent.issues, '[]'::jsonb)) with ordinality as items (item, place)
)

select session_id, claim, count(*) over ()::integer as total
from claims
where coalesce(jsonb_typeof(turn_ids), 'null') <> 'array' or turn_ids = '[]'::jsonb
order by session_id, claim
limit %(limit)s::integer;

-- turns_not_found --
-- Claims of recent analyses that cite a turn their session does not have; the first ones, with how many there are.
with recent as (
    select gym_id, session_id, evidence, action_items, issues
    from public.conversation_summaries
    where status = 'completed' and analysed_at > now() - %(window)s::interval
),

cited as (
    select recent.gym_id, recent.session_id, fields.key as claim, turns.id as turn_id
    from recent
    cross join jsonb_each(coalesce(recent.evidence, '{}'::jsonb)) as fields
    cross join jsonb_array_elements_text(fields.value) as turns (id)
    union all
    select recent.gym_id, recent.session_id, lists.name || '.' || items.place, turns.id
    from recent
    cross join lateral (
        values ('action_items', recent.action_items), ('issues', recent.issues)
    ) as lists (name, content)
    cross join jsonb_array_elements(coalesce(lists.content, '[]'::jsonb)) with ordinality as items (item, place)
    cross join jsonb_array_elements_text(items.item -> 'source_turn_ids') as turns (id)
    union all
    -- The list the team works through; somebody may have closed an item of an earlier analysis.
    select recent.gym_id, recent.session_id, 'tasks.' || (items.position + 1), turns.id
    from recent
    inner join public.action_items as items
        on recent.gym_id = items.gym_id and recent.session_id = items.session_id
    cross join unnest(items.source_turn_ids) as turns (id)
)

select cited.session_id, cited.claim, count(*) over ()::integer as total
from cited
left join public.session_turns as turns
    on cited.gym_id = turns.gym_id and cited.session_id = turns.session_id and cited.turn_id = turns.id::text
where turns.id is null
order by cited.session_id, cited.claim
limit %(limit)s::integer;

-- summary_quotes --
-- Recent summaries that quote somebody, with the words of the turns they cite and what is known of the member.
select
    summaries.session_id,
    summaries.summary_text,
    array(
        select turns.text
        from public.session_turns as turns
        where turns.gym_id = summaries.gym_id
            and turns.session_id = summaries.session_id
            and summaries.evidence -> 'summary' ? turns.id::text
        order by turns.position
    ) as said,
    array_remove(array[members.first_name, members.last_name, members.email, members.phone], null) as known
from public.conversation_summaries as summaries
left join public.gym_members_v2 as members on summaries.gym_id = members.gym_id and summaries.member_id = members.id
where summaries.status = 'completed'
    and summaries.analysed_at > now() - %(window)s::interval
    and summaries.summary_text ~ '[«“]'
order by summaries.analysed_at desc
limit %(limit)s::integer;

-- alert_quotes --
-- What recent alerts quote and do not repeat word for word, with the turn it is said to be from; no text of a turn
-- that is not there or belongs to a session the alert does not name.
select
    alerts.id as alert_id,
    alerts.session_id,
    quoted.turn ->> 'turn_id' as turn_id,
    quoted.turn ->> 'text' as quote,
    turns.text as said,
    array_remove(array[members.first_name, members.last_name, members.email, members.phone], null) as known
from public.manager_alerts as alerts
cross join jsonb_array_elements(alerts.context -> 'turns') as quoted (turn)
left join public.session_turns as turns
    on alerts.gym_id = turns.gym_id
    and quoted.turn ->> 'turn_id' = turns.id::text
    and turns.session_id = any (
        array(select named.id::uuid from jsonb_array_elements_text(alerts.context -> 'session_ids') as named (id))
    )
left join public.openai_realtime_sessions as sessions
    on turns.gym_id = sessions.gym_id and turns.session_id = sessions.id
left join public.gym_members_v2 as members on sessions.gym_id = members.gym_id and sessions.member_id = members.id
where alerts.updated_at > now() - %(window)s::interval
    and turns.text is distinct from quoted.turn ->> 'text'
order by alerts.updated_at desc, turn_id
limit %(limit)s::integer;

-- record_unfounded --
-- What one check found of the recent analyses stands with them; what it finds no more is taken off.
with found as (
    select findings.session_id, jsonb_agg(distinct findings.claim order by findings.claim) as claims
    from unnest(%(session_ids)s::uuid[], %(claims)s::text[]) as findings (session_id, claim)
    group by findings.session_id
),

looked_at as (
    select recent.session_id
    from public.conversation_summaries as recent
    where recent.status = 'completed' and recent.analysed_at > now() - %(window)s::interval
    union
    select found.session_id from found
)

update public.conversation_summaries as summaries
set unfounded_claims = case
        when found.claims is null then summaries.unfounded_claims - %(kind)s::text
        else summaries.unfounded_claims || jsonb_build_object(%(kind)s::text, found.claims)
    end
from looked_at
left join found on looked_at.session_id = found.session_id
where summaries.session_id = looked_at.session_id
    and summaries.status = 'completed'
    and summaries.unfounded_claims -> %(kind)s::text is distinct from found.claims;
