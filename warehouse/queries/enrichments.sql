-- The second tier's queue: conversations that the local engine has analysed and that wait for the hosted one.

-- queue_enrichment --
-- An analysed session waits for the hosted engine, unless its member or its gym keeps its words in the house.
with ruled as (
    select
        summaries.session_id,
        summaries.gym_id,
        case
            when sessions.storage_level = 'metadata_only' then 'its gym keeps no words'
            when refusal.is_granted = false then 'the member keeps these words from the hosted provider'
        end as reason
    from public.conversation_summaries as summaries
    inner join public.openai_realtime_sessions as sessions
        on summaries.gym_id = sessions.gym_id and summaries.session_id = sessions.id
    left join lateral (
        select consents.is_granted
        from public.consents
        where consents.gym_id = summaries.gym_id
            and consents.member_id = summaries.member_id
            and consents.purpose = 'hosted_analysis'
        order by consents.recorded_at desc
        limit 1
    ) as refusal on true
    where summaries.session_id = %(session_id)s::uuid and summaries.status = 'completed'
),

marked as (
    update public.conversation_summaries as summaries
    set enrichment_state = case when ruled.reason is null then 'waiting' else 'ruled_out' end,
        enrichment_reason = ruled.reason,
        enriched_at = null
    from ruled
    where summaries.session_id = ruled.session_id
    returning summaries.session_id, summaries.gym_id, summaries.enrichment_state
)

insert into app.enrichments (session_id, gym_id)
select marked.session_id, marked.gym_id
from marked
where marked.enrichment_state = 'waiting'
on conflict (session_id) do update
set attempts = 0, retry_at = null, queued_at = clock_timestamp();

-- claim_enrichments --
-- Locks a batch of the queue until the end of the transaction, the summaries themselves stay free; only what the later
-- stages have already seen with its local analysis, so that a provider never comes before an alert.
select
    queue.session_id,
    queue.gym_id,
    sessions.language,
    array_remove(array[members.first_name, members.last_name, members.email, members.phone], null) as known_of_member,
    app.keeps_health(summaries.gym_id, summaries.member_id) as keeps_health
from app.enrichments as queue
inner join public.conversation_summaries as summaries
    on queue.gym_id = summaries.gym_id and queue.session_id = summaries.session_id
inner join public.openai_realtime_sessions as sessions
    on queue.gym_id = sessions.gym_id and queue.session_id = sessions.id
left join public.gym_members_v2 as members on summaries.gym_id = members.gym_id and summaries.member_id = members.id
where (queue.retry_at is null or queue.retry_at <= now())
    and summaries.status = 'completed'
    and summaries.enrichment_state = 'waiting'
    and (summaries.counted_at is not null or summaries.count_attempts > 0)
    and (summaries.alerted_at is not null or summaries.alert_attempts > 0)
order by queue.queued_at
limit %(batch_size)s::integer
for update of queue skip locked;

-- due_enrichment_ids --
-- A few conversations that are due for the hosted engine and that nobody holds.
select queue.session_id
from app.enrichments as queue
inner join public.conversation_summaries as summaries
    on queue.gym_id = summaries.gym_id and queue.session_id = summaries.session_id
where (queue.retry_at is null or queue.retry_at <= now())
    and summaries.status = 'completed'
    and summaries.enrichment_state = 'waiting'
    and (summaries.counted_at is not null or summaries.count_attempts > 0)
    and (summaries.alerted_at is not null or summaries.alert_attempts > 0)
order by queue.queued_at
limit %(batch_size)s::integer
for update of queue skip locked;

-- leave_queue --
-- The session waits for the hosted engine no longer.
delete from app.enrichments where session_id = %(session_id)s::uuid;

-- count_failed_enrichment --
-- Counts a failed try: later ones wait longer; no row is left in the queue, and none returned, after the last one.
with tried as (
    update app.enrichments as queue
    set attempts = queue.attempts + 1,
        retry_at = clock_timestamp() + %(retry_after)s::interval * power(4, queue.attempts)
    where queue.session_id = %(session_id)s::uuid
    returning queue.session_id, queue.attempts
)

update public.conversation_summaries as summaries
set enrichment_state = case
        when %(is_permanent)s::boolean or tried.attempts >= %(max_attempts)s::integer then 'failed'
        else 'waiting'
    end,
    enrichment_reason = %(reason)s::text
from tried
where summaries.session_id = tried.session_id and summaries.enrichment_state = 'waiting'
returning summaries.enrichment_state;

-- put_enrichments_off --
-- Puts conversations off without counting a try, and says in the row what is waited for.
with later as (
    update app.enrichments as queue
    set retry_at = clock_timestamp() + %(retry_after)s::interval
    where queue.session_id = any (%(session_ids)s::uuid[])
    returning queue.session_id
)

update public.conversation_summaries as summaries
set enrichment_reason = %(reason)s::text
from later
where summaries.session_id = later.session_id and summaries.enrichment_state = 'waiting';

-- failed_enrichments --
-- Conversations that the hosted engine has given up, newest first.
select summaries.session_id
from public.conversation_summaries as summaries
where summaries.status = 'completed' and summaries.enrichment_state = 'failed'
order by summaries.analysed_at desc
limit %(limit)s::integer;

-- rule_out_member --
-- Nothing a member has said is sent to the provider any more; what it has answered stays.
with gone as (
    delete from app.enrichments as queue
    using public.conversation_summaries as summaries
    where queue.gym_id = summaries.gym_id
        and queue.session_id = summaries.session_id
        and summaries.member_id = %(member_id)s::uuid
    returning queue.session_id
)

update public.conversation_summaries as summaries
set enrichment_state = 'ruled_out', enrichment_reason = 'the member keeps these words from the hosted provider'
from gone
where summaries.session_id = gone.session_id and summaries.enrichment_state = 'waiting';

-- enrichments_behind --
-- Conversations that the hosted engine has given up, and those that have waited for longer than they should.
select
    count(*) filter (where summaries.enrichment_state = 'failed')::integer as failed_count,
    count(*) filter (where queue.queued_at < now() - %(grace)s::interval)::integer as waiting_count,
    min(queue.queued_at) as waiting_since
from public.conversation_summaries as summaries
left join app.enrichments as queue
    on summaries.gym_id = queue.gym_id and summaries.session_id = queue.session_id
where summaries.enrichment_state in ('waiting', 'failed');
