-- What a gym keeps of what was said, once it is analysed: sessions to bring to their storage level, and their words.

-- gym_storage --
-- A gym's level, and how its closed sessions stand.
select
    gyms.storage_level,
    count(sessions.id) filter (where sessions.words_forgotten_at is not null)::integer as without_words,
    count(sessions.id) filter (
        where sessions.words_redacted_at is not null and sessions.words_forgotten_at is null
    )::integer as redacted,
    count(sessions.id) filter (
        where sessions.words_redacted_at is null and sessions.words_forgotten_at is null
    )::integer as as_said
from public.gyms
left join public.openai_realtime_sessions as sessions on gyms.id = sessions.gym_id and sessions.state = 'closed'
where gyms.slug = %(slug)s::text
group by gyms.id;

-- set_storage_level --
-- The gym's next sessions are held under this level; a trigger audits it.
update public.gyms
set storage_level = %(level)s::text
where gyms.slug = %(slug)s::text
returning gyms.id;

-- lower_past_sessions --
-- The gym's earlier sessions are brought to the level as well, where theirs keeps more; the next sweep does it.
update public.openai_realtime_sessions as sessions
set storage_level = %(level)s::text, words_redacted_at = null
from public.gyms
where sessions.gym_id = gyms.id
    and gyms.slug = %(slug)s::text
    and sessions.state = 'closed'
    and sessions.words_forgotten_at is null
    and array_position(array['all', 'without_personal_data', 'metadata_only'], %(level)s::text)
        > array_position(array['all', 'without_personal_data', 'metadata_only'], sessions.storage_level);

-- note_past_sessions --
-- That earlier sessions were lowered too is on record.
insert into public.audit_log (gym_id, actor_role, action, subject_table, subject_id, details)
values (
    %(gym_id)s::uuid, session_user, 'storage_level_of_past_sessions', 'gyms', %(gym_id)s::text,
    jsonb_build_object('to', %(level)s::text, 'sessions', %(session_count)s::integer)
);

-- sessions_to_settle --
-- Of these sessions, those whose level keeps less than everything, with what is known of their member.
select
    sessions.id as session_id,
    sessions.gym_id,
    sessions.storage_level,
    array_remove(array[members.first_name, members.last_name, members.email, members.phone], null) as known_of_member
from public.openai_realtime_sessions as sessions
left join public.gym_members_v2 as members on sessions.gym_id = members.gym_id and sessions.member_id = members.id
where sessions.id = any (%(session_ids)s::uuid[])
    and sessions.storage_level <> 'all'
    and sessions.state = 'closed';

-- left_behind --
-- Closed sessions that nothing will bring to their level any more, locked: never analysed, given up, waiting for too
-- long, lowered afterwards, or reached by a late journal, whose events then stand there again.
select sessions.id
from public.openai_realtime_sessions as sessions
inner join public.conversation_summaries as summaries
    on sessions.gym_id = summaries.gym_id and sessions.id = summaries.session_id
where sessions.storage_level <> 'all'
    and sessions.state = 'closed'
    and (
        (
            sessions.words_forgotten_at is null
            and (sessions.storage_level = 'metadata_only' or sessions.words_redacted_at is null)
            and (
                summaries.status in ('skipped', 'parked')
                or (
                    summaries.status = 'completed'
                    and (summaries.alerted_at is not null or summaries.alert_retry_at = 'infinity')
                )
                or sessions.ended_at < now() - %(longest)s::interval
            )
        )
        or (
            sessions.ended_at > now() - %(journals_for)s::interval
            and (sessions.words_forgotten_at is not null or sessions.words_redacted_at is not null)
            and exists (
                select from public.realtime_events as events
                where events.gym_id = sessions.gym_id and events.session_id = sessions.id
            )
        )
    )
order by sessions.ended_at
limit %(batch_size)s::integer
for update of sessions skip locked;

-- give_up_unread --
-- What waited for an analysis and has no words left is not analysed, and says so.
update public.conversation_summaries
set status = 'skipped',
    last_error = concat_ws(', and ', last_error, 'its gym keeps no words, so it is not tried again')
where session_id = any (%(session_ids)s::uuid[]) and status in ('pending', 'parked');

-- rule_out_enrichment --
-- Nothing of these sessions is sent to a provider any more.
with gone as (
    delete from app.enrichments
    where session_id = any (%(session_ids)s::uuid[])
    returning session_id
)

update public.conversation_summaries as summaries
set enrichment_state = 'ruled_out', enrichment_reason = 'its gym keeps no words'
from gone
where summaries.session_id = gone.session_id and summaries.enrichment_state = 'waiting';

-- turns --
-- The words of one session's turns.
select turns.id, turns.text, turns.generated_text
from public.session_turns as turns
where turns.session_id = %(session_id)s::uuid and (turns.text <> '' or turns.generated_text is not null);

-- save_turn_words --
-- One turn's words as they are kept.
update public.session_turns
set text = %(text)s::text, generated_text = %(generated_text)s::text
where id = %(id)s::uuid and session_id = %(session_id)s::uuid;

-- tool_calls --
-- What one session's tools were asked and answered.
select calls.id, calls.arguments, calls.output
from public.tool_calls as calls
where calls.session_id = %(session_id)s::uuid;

-- save_tool_call --
-- One tool call as it is kept.
update public.tool_calls
set arguments = %(arguments)s::jsonb, output = %(output)s::jsonb
where id = %(id)s::uuid and session_id = %(session_id)s::uuid;

-- summaries --
-- What the analysis wrote about one session.
select summaries.id, summaries.summary_text, summaries.action_items, summaries.issues
from public.conversation_summaries as summaries
where summaries.session_id = %(session_id)s::uuid and summaries.summary_text is not null;

-- save_summary --
-- The same as it is kept.
update public.conversation_summaries
set summary_text = %(summary_text)s::text, action_items = %(action_items)s::jsonb, issues = %(issues)s::jsonb
where id = %(id)s::uuid and session_id = %(session_id)s::uuid;

-- action_items --
-- What somebody should do after one session.
select items.id, items.text
from public.action_items as items
where items.session_id = %(session_id)s::uuid;

-- save_action_item --
-- The same as it is kept.
update public.action_items
set text = %(text)s::text
where id = %(id)s::uuid and session_id = %(session_id)s::uuid;

-- requests --
-- What was handed to the team in one session.
select requests.id, requests.text, requests.machine, requests.zone
from public.staff_requests as requests
where requests.session_id = %(session_id)s::uuid;

-- save_request --
-- The same as it is kept.
update public.staff_requests
set text = %(text)s::text, machine = %(machine)s::text, zone = %(zone)s::text
where id = %(id)s::uuid and session_id = %(session_id)s::uuid;

-- alerts --
-- The alerts that rest on one session, without their quotes.
select alerts.id, alerts.title, alerts.description, alerts.context ->> 'machine' as machine, alerts.context ->> 'zone' as zone
from public.manager_alerts as alerts
where alerts.gym_id = %(gym_id)s::uuid
    and alerts.context -> 'session_ids' @> to_jsonb(array[%(session_id)s::text]);

-- save_alert --
-- The same as they are kept, each quote of the session as its turn stands now.
update public.manager_alerts as alerts
set title = %(title)s::text,
    description = %(description)s::text,
    context = alerts.context
        || jsonb_strip_nulls(jsonb_build_object('machine', %(machine)s::text, 'zone', %(zone)s::text))
        || jsonb_build_object(
            'turns', (
                select coalesce(
                    jsonb_agg(
                        case
                            when turns.id is null then quoted.turn
                            else quoted.turn || jsonb_build_object('text', turns.text)
                        end
                        order by quoted.place
                    ),
                    '[]'::jsonb
                )
                from jsonb_array_elements(
                    case when jsonb_typeof(alerts.context -> 'turns') = 'array' then alerts.context -> 'turns' else '[]' end
                ) with ordinality as quoted (turn, place)
                left join public.session_turns as turns
                    on turns.gym_id = alerts.gym_id
                    and turns.session_id = %(session_id)s::uuid
                    and turns.id::text = quoted.turn ->> 'turn_id'
            )
        )
where alerts.id = %(id)s::uuid;

-- goals --
-- The goals in words that the member set while one session lasted.
select goals.id, goals.description
from public.member_goals as goals
inner join public.openai_realtime_sessions as sessions
    on goals.gym_id = sessions.gym_id and goals.member_id = sessions.member_id
where sessions.id = %(session_id)s::uuid and goals.started_at between sessions.started_at and sessions.ended_at;

-- save_goal --
-- The same as they are kept.
update public.member_goals
set description = left(%(description)s::text, 200)
where id = %(id)s::uuid;

-- mark_redacted --
-- These sessions hold no personal data any more.
update public.openai_realtime_sessions
set words_redacted_at = clock_timestamp()
where id = any (%(session_ids)s::uuid[]);

-- neutral_goals --
-- Goals that were set in words while these sessions lasted keep their kind and target.
update public.member_goals as goals
set description = 'Objectif personnel'
from public.openai_realtime_sessions as sessions
where sessions.id = any (%(session_ids)s::uuid[])
    and goals.gym_id = sessions.gym_id
    and goals.member_id = sessions.member_id
    and goals.started_at between sessions.started_at and sessions.ended_at;

-- member_texts --
-- What the member said in one session, as it is kept now.
select turns.text
from public.session_turns as turns
where turns.session_id = %(session_id)s::uuid and turns.role = 'member' and turns.status <> 'failed'
order by turns.position, turns.started_at;

-- save_vector --
-- The vector of what is kept in place of that of what was said.
update public.conversation_summaries
set embedding = %(embedding)s::vector
where session_id = %(session_id)s::uuid
    and embedding is not null
    and embedding_model = %(embedding_model)s::text;

-- count_unsettled --
-- Closed sessions whose alerts were weighed a while ago and whose words are not at their level.
select count(*)::integer as session_count
from public.openai_realtime_sessions as sessions
inner join public.conversation_summaries as summaries
    on sessions.gym_id = summaries.gym_id and sessions.id = summaries.session_id
where sessions.storage_level <> 'all'
    and sessions.state = 'closed'
    and sessions.words_forgotten_at is null
    and (sessions.storage_level = 'metadata_only' or sessions.words_redacted_at is null)
    and (summaries.status <> 'pending' or sessions.ended_at < now() - %(longest)s::interval)
    and sessions.ended_at < now() - %(grace)s::interval;

-- redacting --
-- Until this transaction ends, texts that stand for everybody else may lose what is personal in them.
select set_config('app.is_redacting', 'on', true);

-- people_s_words --
-- What people wrote about alerts that are over, or messages that were used, where the conversation's level (or, without
-- one, the gym's) keeps less than everything; locked, with what is known of the member.
select
    alerts.id as alert_id,
    alerts.gym_id,
    coalesce(sessions.storage_level, gyms.storage_level) as storage_level,
    case when alerts.status in ('resolved', 'dismissed') and alerts.notes_redacted_at is null then alerts.resolution_notes end
        as notes,
    case
        when messages.text_redacted_at is null
            and (messages.used_at is not null or alerts.status in ('resolved', 'dismissed'))
            then messages.text
    end as message,
    array_remove(array[members.first_name, members.last_name, members.email, members.phone], null) as known_of_member
from public.manager_alerts as alerts
inner join public.gyms on alerts.gym_id = gyms.id
left join public.alert_messages as messages on alerts.gym_id = messages.gym_id and alerts.id = messages.alert_id
left join public.openai_realtime_sessions as sessions
    on alerts.gym_id = sessions.gym_id and alerts.session_id = sessions.id
left join public.gym_members_v2 as members on alerts.gym_id = members.gym_id and alerts.member_id = members.id
where coalesce(sessions.storage_level, gyms.storage_level) <> 'all'
    and (
        (
            alerts.status in ('resolved', 'dismissed')
            and alerts.resolution_notes is not null
            and alerts.notes_redacted_at is null
        )
        or (
            messages.text_redacted_at is null
            and (messages.used_at is not null or (messages.id is not null and alerts.status in ('resolved', 'dismissed')))
        )
    )
    -- The check asks what the sweep should have come by for.
    and coalesce(alerts.resolved_at, messages.used_at) <= now() - %(grace)s::interval
order by alerts.id
limit %(batch_size)s::integer
for update of alerts skip locked;

-- save_notes --
-- The note as it is kept.
update public.manager_alerts
set resolution_notes = %(text)s::text, notes_redacted_at = clock_timestamp()
where id = %(alert_id)s::uuid and gym_id = %(gym_id)s::uuid;

-- save_message --
-- The message as it is kept.
update public.alert_messages
set text = %(text)s::text, text_redacted_at = clock_timestamp()
where alert_id = %(alert_id)s::uuid and gym_id = %(gym_id)s::uuid;
