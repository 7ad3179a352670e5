-- The members stage: each member's analytics, recomputed from what they did.

-- claim_uncounted --
-- Locks conversations that no member's analytics contain yet: analysed ones, and those whose words nobody may read or
-- nobody could, which are counted without a sentiment.
select summaries.session_id, summaries.gym_id, summaries.member_id
from public.conversation_summaries as summaries
where summaries.status in ('completed', 'skipped', 'parked')
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

-- gyms_with_members --
-- Every gym that has a member: the night's run goes through them one by one.
select gyms.id as gym_id
from public.gyms
where exists (select from public.gym_members_v2 as members where members.gym_id = gyms.id)
order by gyms.id;

-- members_of_gym --
-- All members of one gym, whether active or not.
select members.id
from public.gym_members_v2 as members
where members.gym_id = %(gym_id)s::uuid
order by members.id;

-- gym_days --
-- The gyms' own day at a moment, and what closes or empties them, with the first
-- visit on record; closures as parallel arrays.
select
    gyms.id as gym_id,
    (%(now)s::timestamptz at time zone gyms.timezone)::date as today,
    (
        select (min(member_visits.visited_at) at time zone gyms.timezone)::date
        from public.member_visits
        where member_visits.gym_id = gyms.id
    ) as recorded_from,
    gyms.school_zone,
    gyms.holiday_region,
    coalesce(closures.starts_on, '{}'::date[]) as closures_start_on,
    coalesce(closures.ends_on, '{}'::date[]) as closures_end_on
from public.gyms
left join lateral (
    select
        array_agg(gym_closures.starts_on order by gym_closures.starts_on, gym_closures.id) as starts_on,
        array_agg(gym_closures.ends_on order by gym_closures.starts_on, gym_closures.id) as ends_on
    from public.gym_closures
    where gym_closures.gym_id = gyms.id
) as closures on true
where gyms.id = any (%(gym_ids)s::uuid[]);

-- member_facts --
-- One row per member with the arrays the rules read, each grouped in one pass: conversations, days with a visit in the
-- gym's own time, absences and pauses. Days, not moments, so that both clock changes are the database's business.
with chosen as (
    select
        members.gym_id,
        members.id as member_id,
        gyms.timezone,
        members.member_since as joined_on,
        (members.created_at at time zone gyms.timezone)::date as known_on
    from public.gym_members_v2 as members
    inner join public.gyms on members.gym_id = gyms.id
    where members.id = any (%(member_ids)s::uuid[])
),

conversations as (
    select
        chosen.member_id,
        array_agg(sessions.started_at order by sessions.started_at, sessions.id) as started_at,
        array_agg(
            (sessions.started_at at time zone chosen.timezone)::date order by sessions.started_at, sessions.id
        ) as started_on,
        array_agg(
            extract(epoch from sessions.ended_at - sessions.started_at)::double precision
            order by sessions.started_at, sessions.id
        ) as durations_seconds,
        array_agg(summaries.sentiment_score::double precision order by sessions.started_at, sessions.id)
            as sentiment_scores,
        array_agg(summaries.sentiment_label order by sessions.started_at, sessions.id) as sentiment_labels
    from chosen
    inner join public.openai_realtime_sessions as sessions
        on chosen.gym_id = sessions.gym_id and chosen.member_id = sessions.member_id and sessions.state = 'closed'
    left join public.conversation_summaries as summaries
        on sessions.id = summaries.session_id and summaries.status = 'completed'
    group by chosen.member_id
),

visits as (
    select
        chosen.member_id,
        array_agg(distinct (member_visits.visited_at at time zone chosen.timezone)::date) as visited_on
    from chosen
    inner join public.member_visits
        on chosen.gym_id = member_visits.gym_id
        and chosen.member_id = member_visits.member_id
        -- A day more than the rules look back: the gym's midnight is not ours.
        and member_visits.visited_at
            > %(now)s::timestamptz - make_interval(days => %(look_back_days)s::integer + 1)
    group by chosen.member_id
),

absences as (
    select
        chosen.member_id,
        array_agg(member_absences.starts_on order by member_absences.starts_on, member_absences.id) as starts_on,
        array_agg(member_absences.ends_on order by member_absences.starts_on, member_absences.id) as ends_on
    from chosen
    inner join public.member_absences
        on chosen.gym_id = member_absences.gym_id and chosen.member_id = member_absences.member_id
    group by chosen.member_id
),

pauses as (
    select
        chosen.member_id,
        array_agg(
            coalesce(memberships.frozen_from, memberships.started_on) order by memberships.started_on, memberships.id
        ) as starts_on,
        array_agg(memberships.frozen_until order by memberships.started_on, memberships.id) as ends_on
    from chosen
    inner join public.memberships
        on chosen.gym_id = memberships.gym_id
        and chosen.member_id = memberships.member_id
        and (memberships.status = 'frozen' or memberships.frozen_until is not null)
    group by chosen.member_id
)

select
    chosen.gym_id,
    chosen.member_id,
    chosen.joined_on,
    chosen.known_on,
    conversations.started_at as conversations_started_at,
    conversations.started_on as conversations_started_on,
    conversations.durations_seconds,
    conversations.sentiment_scores,
    conversations.sentiment_labels,
    visits.visited_on,
    case
        when visits.visited_on is null then (
            -- Longer ago than the rules look back: only how long says anything.
            select (max(member_visits.visited_at) at time zone chosen.timezone)::date
            from public.member_visits
            where member_visits.gym_id = chosen.gym_id and member_visits.member_id = chosen.member_id
        )
    end as last_visit_on,
    absences.starts_on as absences_start_on,
    absences.ends_on as absences_end_on,
    pauses.starts_on as pauses_start_on,
    pauses.ends_on as pauses_end_on
from chosen
left join conversations on chosen.member_id = conversations.member_id
left join visits on chosen.member_id = visits.member_id
left join absences on chosen.member_id = absences.member_id
left join pauses on chosen.member_id = pauses.member_id
order by chosen.member_id;

-- save_analytics --
-- The members' rows are as the rules say; the churn columns belong to another stage and stay.
insert into public.member_analytics (
    member_id, gym_id, observed_on, is_new, total_conversations, total_session_duration_seconds,
    avg_session_duration_seconds, last_conversation_at, conversation_frequency, avg_sentiment_score, sentiment_trend,
    negative_sentiment_count, positive_sentiment_count, engagement_score, days_since_last_visit,
    counted_days_since_last_visit, visit_frequency_per_week, usual_visits_per_week, expected_gap_days, visit_trend,
    mute_reason, muted_until, updated_at
)
select
    fresh.member_id, fresh.gym_id, fresh.observed_on, fresh.is_new, fresh.total_conversations,
    fresh.total_session_duration_seconds, fresh.avg_session_duration_seconds, fresh.last_conversation_at,
    fresh.conversation_frequency, fresh.avg_sentiment_score, fresh.sentiment_trend, fresh.negative_sentiment_count,
    fresh.positive_sentiment_count, fresh.engagement_score, fresh.days_since_last_visit,
    fresh.counted_days_since_last_visit, fresh.visit_frequency_per_week, fresh.usual_visits_per_week,
    fresh.expected_gap_days, fresh.visit_trend, fresh.mute_reason, fresh.muted_until, clock_timestamp()
from jsonb_to_recordset(%(rows)s::jsonb) as fresh (
    member_id uuid, gym_id uuid, observed_on date, is_new boolean, total_conversations integer,
    total_session_duration_seconds integer, avg_session_duration_seconds numeric, last_conversation_at timestamptz,
    conversation_frequency text, avg_sentiment_score numeric, sentiment_trend text, negative_sentiment_count integer,
    positive_sentiment_count integer, engagement_score numeric, days_since_last_visit integer,
    counted_days_since_last_visit integer, visit_frequency_per_week numeric, usual_visits_per_week numeric,
    expected_gap_days numeric, visit_trend text, mute_reason text, muted_until date
)
on conflict (member_id) do update
set gym_id = excluded.gym_id,
    observed_on = excluded.observed_on,
    is_new = excluded.is_new,
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
    counted_days_since_last_visit = excluded.counted_days_since_last_visit,
    visit_frequency_per_week = excluded.visit_frequency_per_week,
    usual_visits_per_week = excluded.usual_visits_per_week,
    expected_gap_days = excluded.expected_gap_days,
    visit_trend = excluded.visit_trend,
    mute_reason = excluded.mute_reason,
    muted_until = excluded.muted_until,
    updated_at = excluded.updated_at;

-- mark_counted --
-- These conversations are in their members' analytics.
update public.conversation_summaries
set counted_at = clock_timestamp(), count_error = null
where session_id = any (%(session_ids)s::uuid[]);

-- put_off_count --
-- Counts a failed try of this stage: later ones wait longer, the last one parks the conversation.
update public.conversation_summaries
set count_attempts = count_attempts + 1,
    count_error = %(reason)s::text,
    count_retry_at = case
        when count_attempts + 1 >= %(max_attempts)s::integer then 'infinity'
        else clock_timestamp() + %(retry_after)s::interval * power(4, count_attempts)
    end
where session_id = %(session_id)s::uuid
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

-- analytics_stale --
-- Members without analytics of the last two days: the night's run has not come by.
select count(*)::integer as member_count
from public.gym_members_v2 as members
left join public.member_analytics as analytics
    on members.gym_id = analytics.gym_id and members.id = analytics.member_id
where members.created_at < now() - interval '2 days'
    and (analytics.observed_on is null or analytics.observed_on < current_date - 2);
