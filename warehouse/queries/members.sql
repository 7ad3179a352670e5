-- The members stage: each member's analytics, recomputed from what they did.

-- claim_uncounted --
-- Locks analysed conversations that no member's analytics contain yet.
select summaries.session_id, summaries.gym_id, summaries.member_id
from public.conversation_summaries as summaries
where summaries.status = 'completed'
    and summaries.counted_at is null
    and (summaries.count_retry_at is null or summaries.count_retry_at <= now())
order by summaries.analysed_at
limit %(batch_size)s::integer
for update skip locked;

-- lock_members --
-- Two batches never recount one member at the same time: the second waits, then sees what the first wrote.
select members.id
from public.gym_members_v2 as members
where members.id = any (%(member_ids)s::uuid[])
order by members.id
for no key update;

-- member_facts --
-- One row per member with the arrays the rules read: conversations oldest first, and visits.
select
    members.gym_id,
    members.id as member_id,
    members.member_since,
    conversations.started_at as conversation_started_at,
    conversations.durations_seconds,
    conversations.sentiment_scores,
    conversations.sentiment_labels,
    visits.visited_at
from public.gym_members_v2 as members
left join lateral (
    select
        array_agg(sessions.started_at order by sessions.started_at) as started_at,
        array_agg(
            extract(epoch from sessions.ended_at - sessions.started_at)::double precision order by sessions.started_at
        ) as durations_seconds,
        array_agg(summaries.sentiment_score::double precision order by sessions.started_at) as sentiment_scores,
        array_agg(summaries.sentiment_label order by sessions.started_at) as sentiment_labels
    from public.openai_realtime_sessions as sessions
    left join public.conversation_summaries as summaries
        on sessions.id = summaries.session_id and summaries.status = 'completed'
    where sessions.gym_id = members.gym_id and sessions.member_id = members.id and sessions.state = 'closed'
) as conversations on true
left join lateral (
    -- The rules look at 28 days and at the last visit; older ones only say how long ago that was.
    select array_agg(recent.visited_at order by recent.visited_at) as visited_at
    from (
        select member_visits.visited_at
        from public.member_visits
        where member_visits.gym_id = members.gym_id and member_visits.member_id = members.id
        order by member_visits.visited_at desc
        limit 100
    ) as recent
) as visits on true
where members.id = any (%(member_ids)s::uuid[]);

-- save_analytics --
-- One member's row is as the rules say; the churn columns belong to another stage and stay.
insert into public.member_analytics (
    member_id, gym_id, total_conversations, total_session_duration_seconds, avg_session_duration_seconds,
    last_conversation_at, conversation_frequency, avg_sentiment_score, sentiment_trend, negative_sentiment_count,
    positive_sentiment_count, engagement_score, days_since_last_visit, visit_frequency_per_week, updated_at
)
values (
    %(member_id)s::uuid, %(gym_id)s::uuid, %(total_conversations)s::integer,
    %(total_session_duration_seconds)s::integer, %(avg_session_duration_seconds)s::numeric,
    %(last_conversation_at)s::timestamptz, %(conversation_frequency)s::text, %(avg_sentiment_score)s::numeric,
    %(sentiment_trend)s::text, %(negative_sentiment_count)s::integer, %(positive_sentiment_count)s::integer,
    %(engagement_score)s::numeric, %(days_since_last_visit)s::integer, %(visit_frequency_per_week)s::numeric,
    clock_timestamp()
)
on conflict (member_id) do update
set gym_id = excluded.gym_id,
    total_conversations = excluded.total_conversations,
    total_session_duration_seconds = excluded.total_session_duration_seconds,
    avg_session_duration_seconds = excluded.avg_session_duration_seconds,
    last_conversation_at = excluded.last_conversation_at,
    conversation_frequency = excluded.conversation_frequency,
    avg_sentiment_score = excluded.avg_sentiment_score,
    sentiment_trend = excluded.sentiment_trend,
    negative_sentiment_count = excluded.negative_sentiment_count,
    positive_sentiment_count = excluded.positive_sentiment_count,
    engagement_score = excluded.engagement_score,
    days_since_last_visit = excluded.days_since_last_visit,
    visit_frequency_per_week = excluded.visit_frequency_per_week,
    updated_at = excluded.updated_at;

-- mark_counted --
-- These conversations are in their members' analytics.
update public.conversation_summaries
set counted_at = clock_timestamp(), count_error = null
where session_id = any (%(session_ids)s::uuid[]) and status = 'completed';

-- put_off_count --
-- Counts a failed try of this stage: later ones wait longer, the last one parks the conversation.
update public.conversation_summaries
set count_attempts = count_attempts + 1,
    count_error = %(reason)s::text,
    count_retry_at = case
        when count_attempts + 1 >= %(max_attempts)s::integer then 'infinity'
        else clock_timestamp() + %(retry_after)s::interval * power(4, count_attempts)
    end
where session_id = %(session_id)s::uuid and status = 'completed'
returning count_retry_at = 'infinity' as is_parked;

-- analytics_behind --
-- Members whose analytics are older than their newest counted conversation.
select count(distinct summaries.member_id)::integer as member_count
from public.conversation_summaries as summaries
left join public.member_analytics as analytics
    on summaries.gym_id = analytics.gym_id and summaries.member_id = analytics.member_id
where summaries.status = 'completed'
    and summaries.member_id is not null
    and greatest(summaries.analysed_at, summaries.enriched_at) < now() - %(grace)s::interval
    and (
        analytics.updated_at is null
        or analytics.updated_at < greatest(summaries.analysed_at, summaries.enriched_at)
    );
