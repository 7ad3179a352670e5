-- The alerts stage: what a manager should act on, one open alert per cause.

-- claim_unalerted --
-- Locks counted conversations whose alerts nobody has weighed yet, with their member's standing; one that the members
-- stage could not count goes on as well, because a manager must not miss what was said.
select
    summaries.gym_id,
    summaries.session_id,
    summaries.kiosk_id,
    summaries.member_id,
    sessions.ended_at as occurred_at,
    summaries.sentiment_score::double precision as sentiment_score,
    summaries.sentiment_label,
    summaries.emotion_detected,
    summaries.key_topics,
    summaries.intents_detected,
    summaries.issues,
    app.keeps_health(summaries.gym_id, summaries.member_id) as keeps_health,
    coalesce(visits.total, 0)::integer as total_visits,
    coalesce(visits.before_fresh, 0)::integer as visits_before_fresh,
    coalesce(gyms.milestone_visits, franchises.milestone_visits) as milestone_visits,
    exists (
        select from public.label_corrections as corrections
        where corrections.gym_id = summaries.gym_id and corrections.session_id = summaries.session_id
    ) as is_corrected
from public.conversation_summaries as summaries
inner join public.openai_realtime_sessions as sessions on summaries.session_id = sessions.id
inner join public.gyms on summaries.gym_id = gyms.id
left join public.franchises on gyms.franchise_id = franchises.id
left join lateral (
    select
        count(*) as total,
        count(*) filter (where member_visits.visited_at <= now() - %(milestone_fresh_for)s::interval) as before_fresh
    from public.member_visits
    where member_visits.gym_id = summaries.gym_id and member_visits.member_id = summaries.member_id
) as visits on true
where summaries.status = 'completed'
    and (summaries.counted_at is not null or summaries.count_attempts > 0)
    and summaries.alerted_at is null
    and (summaries.alert_retry_at is null or summaries.alert_retry_at <= now())
order by summaries.analysed_at
limit %(batch_size)s::integer
for update of summaries skip locked;

-- member_turns_of_sessions --
-- The members' own turns of the sessions with their labels, in the order spoken.
select
    turns.session_id,
    turns.id::text as turn_id,
    turns.text,
    turns.started_at as said_at,
    turns.sentiment_score::double precision as sentiment_score,
    turns.sentiment_label,
    turns.intents
from public.session_turns as turns
inner join public.openai_realtime_sessions as sessions
    on turns.gym_id = sessions.gym_id and turns.session_id = sessions.id
where turns.session_id = any (%(session_ids)s::uuid[])
    and turns.gym_id = any (%(gym_ids)s::uuid[])
    and turns.role = 'member'
    and turns.status <> 'failed'
    -- Words that are forgotten were said all the same: their labels count, when a person corrects one later.
    and (trim(turns.text) <> '' or sessions.words_forgotten_at is not null)
order by turns.session_id, turns.position, turns.started_at;

-- raised_before --
-- What earlier looks at these conversations have raised; nothing for those that are looked at for the first time.
select
    summaries.session_id,
    alerts.dedup_key,
    alerts.status in ('pending', 'in_progress') as is_open,
    jsonb_array_length(alerts.context -> 'session_ids') as session_count
from public.conversation_summaries as summaries
inner join public.manager_alerts as alerts
    on summaries.gym_id = alerts.gym_id
    and alerts.context -> 'session_ids' @> to_jsonb(array[summaries.session_id::text])
where summaries.session_id = any (%(session_ids)s::uuid[])
    and (summaries.enriched_at is not null or summaries.request_number > 1)
order by summaries.session_id, alerts.created_at;

-- issues_handed_on --
-- What the assistant reported to the team as wrong in the gym during these sessions, in its order.
select requests.session_id, requests.topic, requests.machine, requests.zone
from public.staff_requests as requests
where requests.session_id = any (%(session_ids)s::uuid[])
    and requests.gym_id = any (%(gym_ids)s::uuid[])
    and requests.kind = 'issue'
order by requests.session_id, requests.created_at, requests.id;

-- handed_on_sessions --
-- Of these sessions, those during which the assistant's tools handed something on.
select requests.session_id
from public.staff_requests as requests
where requests.session_id = any (%(session_ids)s::uuid[])
union
select sessions.id
from public.openai_realtime_sessions as sessions
inner join public.manager_alerts as alerts
    on sessions.gym_id = alerts.gym_id
    and alerts.status in ('pending', 'in_progress')
    and alerts.context -> 'session_ids' @> to_jsonb(array[sessions.id::text])
where sessions.id = any (%(session_ids)s::uuid[]);

-- handed_on --
-- What the assistant's tools handed on during one session: requests, and open alerts with their quotes.
select 'staff_requests' as held_in, requests.id, requests.text, '[]'::jsonb as turns
from public.staff_requests as requests
where requests.gym_id = %(gym_id)s::uuid and requests.session_id = %(session_id)s::uuid
union all
select 'manager_alerts', alerts.id, alerts.description, alerts.context -> 'turns'
from public.manager_alerts as alerts
where alerts.gym_id = %(gym_id)s::uuid
    and alerts.status in ('pending', 'in_progress')
    and alerts.context -> 'session_ids' @> to_jsonb(array[%(session_id)s::text]);

-- reword_request --
-- A request's words as they may be kept.
update public.staff_requests
set text = %(text)s::text
where gym_id = %(gym_id)s::uuid and id = %(id)s::uuid;

-- reword_alert --
-- An open alert's words and quotes as they may be kept.
update public.manager_alerts
set description = %(text)s::text, context = context || jsonb_build_object('turns', %(turns)s::jsonb)
where gym_id = %(gym_id)s::uuid and id = %(id)s::uuid;

-- raise_alert --
-- One open alert per cause: a new one, or one more occurrence of the open one; none so soon after it was closed.
insert into public.manager_alerts as alerts (
    gym_id, member_id, kiosk_id, session_id, alert_type, priority, title, description, recommended_actions, context,
    dedup_key, last_occurred_at
)
select
    %(gym_id)s::uuid, %(member_id)s::uuid, %(kiosk_id)s::uuid, %(session_id)s::uuid, %(alert_type)s::text,
    %(priority)s::text, %(title)s::text, %(description)s::text, %(recommended_actions)s::jsonb, %(context)s::jsonb,
    %(dedup_key)s::text, %(occurred_at)s::timestamptz
where not exists (
    select from public.manager_alerts as closed
    where closed.gym_id = %(gym_id)s::uuid
        and closed.status in ('resolved', 'dismissed')
        and (
            (
                closed.dedup_key = %(dedup_key)s::text
                and closed.resolved_at > %(occurred_at)s::timestamptz - %(cooldown)s::interval
                -- What a person merged goes on in the other incident.
                and not closed.context ? 'merged_into'
            )
            -- A session analysed again must not reopen what somebody has dealt with, split off by hand or not.
            or (
                jsonb_array_length(%(context)s::jsonb -> 'session_ids') > 0
                and (closed.context -> 'session_ids') @> (%(context)s::jsonb -> 'session_ids')
                and (
                    closed.dedup_key = %(dedup_key)s::text
                    or closed.context ->> 'split_from_key' = %(dedup_key)s::text
                    or (
                        closed.context ? 'split_from'
                        and closed.context -> 'mentions' @> (%(context)s::jsonb -> 'mentions')
                    )
                )
            )
        )
)
on conflict (gym_id, dedup_key) where status in ('pending', 'in_progress') do update
set occurrence_count = alerts.occurrence_count
        -- The same session again is a re-analysis, not a second occurrence; a milestone is passed once.
        + (
            alerts.alert_type <> 'milestone'
            and not coalesce((alerts.context -> 'session_ids') @> (excluded.context -> 'session_ids'), false)
        )::integer,
    last_occurred_at = greatest(alerts.last_occurred_at, excluded.last_occurred_at),
    priority = case
        when array_position(array['low', 'medium', 'high', 'urgent'], excluded.priority)
            > array_position(array['low', 'medium', 'high', 'urgent'], alerts.priority)
            then excluded.priority
        else alerts.priority
    end,
    title = excluded.title,
    description = excluded.description,
    recommended_actions = excluded.recommended_actions,
    context = alerts.context || excluded.context || jsonb_build_object(
        'session_ids', (
            select jsonb_agg(distinct sessions.id)
            from jsonb_array_elements(
                coalesce(alerts.context -> 'session_ids', '[]'::jsonb) || (excluded.context -> 'session_ids')
            ) as sessions (id)
        ),
        'turns', (
            -- The twelve latest: enough to act on, and an alert that recurs for months stays readable.
            select coalesce(jsonb_agg(latest.turn order by latest.turn ->> 'said_at'), '[]'::jsonb)
            from (
                select distinct_turns.turn
                from (
                    select distinct on (quoted.turn ->> 'turn_id') quoted.turn
                    from jsonb_array_elements(
                        coalesce(alerts.context -> 'turns', '[]'::jsonb) || (excluded.context -> 'turns')
                    ) as quoted (turn)
                ) as distinct_turns
                order by distinct_turns.turn ->> 'said_at' desc
                limit 12
            ) as latest
        )
    )
returning alerts.id, alerts.occurrence_count;

-- end_alert --
-- Resolves the open alert of a cause that has ended, or of somebody who has left; the trigger keeps who did it.
update public.manager_alerts
set status = 'resolved', outcome_code = %(outcome_code)s::text, resolution_notes = %(note)s::text
where gym_id = %(gym_id)s::uuid
    and dedup_key = %(dedup_key)s::text
    and status in ('pending', 'in_progress')
returning id;

-- mark_unfounded --
-- Open alerts of a session whose labels a person corrected: each names the session as long as it no longer gives reason.
update public.manager_alerts as alerts
set context = alerts.context || jsonb_build_object(
    'unfounded_session_ids',
    coalesce(alerts.context -> 'unfounded_session_ids', '[]'::jsonb) - %(session_id)s::uuid::text
    || case
        when standing.is_founded then '[]'::jsonb
        else jsonb_build_array(%(session_id)s::uuid)
    end
)
from (
    select
        candidates.id,
        candidates.dedup_key = any (%(founded_keys)s::text[])
        -- A machine's incident holds other names than its own: any report of the session's may be one of them.
        or (
            candidates.context ? 'thing'
            and exists (
                select from unnest(%(founded_keys)s::text[]) as founded (key)
                where starts_with(founded.key, 'equipment_issue:')
            )
        ) as is_founded
    from public.manager_alerts as candidates
    where candidates.gym_id = %(gym_id)s::uuid
        and candidates.status in ('pending', 'in_progress')
        and candidates.alert_type in ('negative_feedback', 'equipment_issue')
        and (candidates.context -> 'session_ids') @> jsonb_build_array(%(session_id)s::uuid)
) as standing
where alerts.id = standing.id
    and alerts.gym_id = %(gym_id)s::uuid
    and alerts.status in ('pending', 'in_progress')
    -- What stands as it should is not touched: a change of the row would wake who watches the desk.
    and standing.is_founded
        = coalesce((alerts.context -> 'unfounded_session_ids') @> jsonb_build_array(%(session_id)s::uuid), false);

-- mark_alerted --
-- The alerts of these conversations are raised.
update public.conversation_summaries
set alerted_at = clock_timestamp(), alert_error = null
where session_id = any (%(session_ids)s::uuid[]) and status = 'completed';

-- put_off_alerts --
-- Counts a failed try of this stage: later ones wait longer, the last one parks the conversation.
update public.conversation_summaries
set alert_attempts = alert_attempts + 1,
    alert_error = %(reason)s::text,
    alert_retry_at = case
        when alert_attempts + 1 >= %(max_attempts)s::integer then 'infinity'
        else clock_timestamp() + %(retry_after)s::interval * power(4, alert_attempts)
    end
where session_id = %(session_id)s::uuid and status = 'completed'
returning alert_retry_at = 'infinity' as is_parked;

-- feedback_without_words --
-- Negative-feedback alerts that do not quote a turn that exists, though their session still does.
select count(*)::integer as alert_count
from public.manager_alerts as alerts
inner join public.openai_realtime_sessions as sessions
    on alerts.gym_id = sessions.gym_id and alerts.session_id = sessions.id
where alerts.alert_type = 'negative_feedback'
    -- What was written has had its term.
    and alerts.words_forgotten_at is null
    and not exists (
        select
        from jsonb_array_elements(alerts.context -> 'turns') as quoted (turn)
        inner join public.session_turns as turns
            on turns.gym_id = alerts.gym_id and turns.id::text = quoted.turn ->> 'turn_id'
    );
