-- The conversations stage: closed sessions wait in conversation_summaries until one batch has analysed them.

-- claim_due --
-- Locks a batch of due sessions until the end of the transaction; rows another worker holds are passed over.
select
    summaries.session_id,
    summaries.gym_id,
    summaries.attempts,
    sessions.language,
    array_remove(array[members.first_name, members.last_name, members.email, members.phone], null) as known_of_member,
    app.keeps_health(summaries.gym_id, summaries.member_id) as keeps_health
from public.conversation_summaries as summaries
inner join public.openai_realtime_sessions as sessions on summaries.session_id = sessions.id
left join public.gym_members_v2 as members on summaries.gym_id = members.gym_id and summaries.member_id = members.id
where summaries.status = 'pending' and (summaries.retry_at is null or summaries.retry_at <= now())
order by summaries.queued_at
limit %(batch_size)s::integer
for update of summaries skip locked;

-- turns_of_sessions --
-- Every final turn of the sessions, in the order spoken.
select turns.session_id, turns.id, turns.role, turns.text
from public.session_turns as turns
where turns.session_id = any (%(session_ids)s::uuid[])
    and turns.gym_id = any (%(gym_ids)s::uuid[])
    and turns.status <> 'failed'
    and trim(turns.text) <> ''
order by turns.session_id, turns.position, turns.started_at;

-- save_analysis --
-- Completes one summary, or enriches one that still waits for it; the later stages see it as new.
update public.conversation_summaries
set status = 'completed',
    analysed_at = case when %(is_enrichment)s::boolean then analysed_at else clock_timestamp() end,
    enriched_at = case when %(is_enrichment)s::boolean then clock_timestamp() end,
    enrichment_state = case when %(is_enrichment)s::boolean then 'done' else 'none' end,
    enrichment_reason = null,
    counted_at = null,
    alerted_at = null,
    count_attempts = 0,
    count_retry_at = null,
    count_error = null,
    alert_attempts = 0,
    alert_retry_at = null,
    alert_error = null,
    last_error = null,
    retry_at = null,
    summary_text = %(summary)s::text,
    key_topics = %(key_topics)s::text[],
    sentiment_score = %(sentiment_score)s::numeric,
    sentiment_label = %(sentiment_label)s::text,
    sentiment_shift = %(sentiment_shift)s::numeric,
    -- Only the local engine says how content the member left.
    satisfaction = coalesce(
        %(satisfaction)s::numeric, case when %(is_enrichment)s::boolean then satisfaction end
    ),
    emotion_detected = %(emotion)s::text,
    intents_detected = %(intents)s::text[],
    outcome = %(outcome)s::text,
    action_items = %(action_items)s::jsonb,
    evidence = %(evidence)s::jsonb,
    issues = %(issues)s::jsonb,
    unfounded_claims = '{}'::jsonb,
    embedding = coalesce(%(embedding)s::vector, embedding),
    embedding_model = coalesce(%(embedding_model)s::text, embedding_model),
    engine = %(engine)s::text,
    engine_version = %(engine_version)s::text,
    prompt_version = %(prompt_version)s::text,
    tokens = tokens + %(tokens)s::integer,
    cost_usd = cost_usd + %(cost_usd)s::numeric
where session_id = %(session_id)s::uuid
    and (not %(is_enrichment)s::boolean or (status = 'completed' and enrichment_state = 'waiting'));

-- save_turn_labels --
-- One member turn has its labels.
update public.session_turns
set sentiment_score = %(sentiment_score)s::numeric,
    sentiment_label = %(sentiment_label)s::text,
    emotion = %(emotion)s::text,
    intents = %(intents)s::text[]
where id = %(turn_id)s::uuid and session_id = %(session_id)s::uuid;

-- action_items --
-- What earlier analyses asked for, held until the transaction ends: nobody closes an item while it is written anew.
select
    items.id,
    items.position,
    items.text,
    items.owner,
    items.source_turn_ids,
    items.created_at,
    items.state <> 'open' or items.assigned_to is not null or items.due_date is not null as is_taken_up
from public.action_items as items
where items.session_id = %(session_id)s::uuid
order by items.position
for update of items;

-- forget_action_items --
-- Action items that nobody has taken up go before a new analysis writes its own.
delete from public.action_items
where session_id = %(session_id)s::uuid and id = any (%(ids)s::uuid[]);

-- save_action_item --
-- One thing to do, under the id and the moment it had where an earlier analysis asked for the same.
insert into public.action_items (id, gym_id, session_id, position, text, owner, source_turn_ids, created_at)
select
    coalesce(%(id)s::uuid, gen_random_uuid()), summaries.gym_id, summaries.session_id, %(position)s::integer,
    %(text)s::text, %(owner)s::text, %(source_turn_ids)s::text[], coalesce(%(created_at)s::timestamptz, now())
from public.conversation_summaries as summaries
where summaries.session_id = %(session_id)s::uuid;

-- save_failure --
-- Counts a failed try: later ones wait longer, the last one parks the session, a permanent one skips it.
update public.conversation_summaries
set attempts = attempts + 1,
    last_error = %(reason)s::text,
    retry_at = clock_timestamp() + %(retry_after)s::interval * power(4, attempts),
    status = case
        when %(is_permanent)s::boolean then 'skipped'
        when attempts + 1 >= %(max_attempts)s::integer then 'parked'
        else 'pending'
    end
where session_id = %(session_id)s::uuid
returning status;

-- postpone --
-- Puts sessions off without counting a try: it was not they that failed.
update public.conversation_summaries
set retry_at = clock_timestamp() + %(retry_after)s::interval, last_error = %(reason)s::text
where session_id = any (%(session_ids)s::uuid[]) and status = 'pending';

-- request_reanalysis --
-- Queues one session again, whatever became of it before, and wakes whoever waits.
with requested as (
    update public.conversation_summaries as summaries
    set status = 'pending',
        attempts = 0,
        retry_at = null,
        last_error = null,
        request_number = request_number + 1,
        queued_at = clock_timestamp()
    from public.openai_realtime_sessions as sessions
    where summaries.session_id = %(session_id)s::uuid
        and sessions.id = summaries.session_id
        and sessions.has_analysis_consent
        -- Nothing is left to read; what was read of it stays.
        and sessions.words_forgotten_at is null
    returning summaries.session_id, summaries.request_number
)

select requested.request_number, pg_notify('session_closed', requested.session_id::text)
from requested;

-- request_reanalysis_of_days --
-- Queues the sessions of some days of their gyms again, one that waits already as well, and wakes whoever waits.
with requested as (
    update public.conversation_summaries as summaries
    set status = 'pending',
        attempts = 0,
        retry_at = null,
        last_error = null,
        request_number = request_number + 1,
        queued_at = clock_timestamp()
    from public.openai_realtime_sessions as sessions
    inner join public.gyms on sessions.gym_id = gyms.id
    where sessions.id = summaries.session_id
        and sessions.has_analysis_consent
        and sessions.words_forgotten_at is null
        and (sessions.started_at at time zone gyms.timezone)::date between %(first)s::date and %(last)s::date
    returning summaries.session_id
)

select requested.session_id, pg_notify('session_closed', requested.session_id::text)
from requested;

-- due_session_ids --
-- A few sessions that are due and that nobody holds; the locks last as long as the statement's transaction.
select session_id
from public.conversation_summaries
where status = 'pending' and (retry_at is null or retry_at <= now())
order by queued_at
limit %(batch_size)s::integer
for update skip locked;

-- seconds_until_next_due --
-- How long until the first postponed session is due again; no value when none waits.
select extract(epoch from min(retry_at) - now())::double precision as seconds
from public.conversation_summaries
where status = 'pending' and retry_at > now();

-- stages_behind --
-- True when an analysed session waits for the members or the alerts stage, as after a crash between two stages.
select exists (
    select from public.conversation_summaries
    where status = 'completed'
        and (
            (counted_at is null and (count_retry_at is null or count_retry_at <= now()))
            or (
                alerted_at is null
                and (counted_at is not null or count_attempts > 0)
                and (alert_retry_at is null or alert_retry_at <= now())
            )
        )
        and greatest(analysed_at, enriched_at) < now() - %(grace)s::interval
) as is_behind;

-- listen --
-- Notifications of closed sessions arrive on this connection.
listen session_closed;

-- sessions_without_summary --
-- Closed sessions that the trigger should have queued and that are not there.
select count(*)::integer as session_count
from public.openai_realtime_sessions as sessions
left join public.conversation_summaries as summaries on sessions.id = summaries.session_id
where sessions.state = 'closed' and summaries.id is null;

-- parked_sessions --
-- Sessions that a stage has given up, newest first, with the stage and its reason.
select parked.session_id, parked.stage, parked.attempts, parked.reason, parked.queued_at
from (
    select session_id, 'conversations' as stage, attempts, last_error as reason, queued_at
    from public.conversation_summaries
    where status = 'parked'
    union all
    select session_id, 'members' as stage, count_attempts, count_error, queued_at
    from public.conversation_summaries
    where status = 'completed' and counted_at is null and count_retry_at = 'infinity'
    union all
    select session_id, 'alerts' as stage, alert_attempts, alert_error, queued_at
    from public.conversation_summaries
    where status = 'completed' and alerted_at is null and alert_retry_at = 'infinity'
) as parked
order by parked.queued_at desc
limit %(limit)s::integer;

-- parked_count --
-- How many sessions each stage has given up, all stages together.
select count(*)::integer as session_count
from public.conversation_summaries
where status = 'parked'
    or (status = 'completed' and counted_at is null and count_retry_at = 'infinity')
    or (status = 'completed' and alerted_at is null and alert_retry_at = 'infinity');

-- retry_stages --
-- The members and the alerts stage try again what they had given up; the analysis stays as it is.
update public.conversation_summaries
set count_attempts = 0,
    count_retry_at = null,
    alert_attempts = 0,
    alert_retry_at = null
where status = 'completed'
    and (
        (counted_at is null and count_retry_at = 'infinity') or (alerted_at is null and alert_retry_at = 'infinity')
    )
    and session_id = any (%(session_ids)s::uuid[]);
