with

topics as (
    select
        sessions.gym_id,
        sessions.local_date,
        sessions.member_id,
        sessions.sentiment_score,
        sessions.sentiment_label,
        sessions.outcome,
        topics.topic
    from {{ ref('fct_sessions') }} as sessions
    cross join lateral unnest(sessions.key_topics) as topics (topic)
    where sessions.analysis_status = 'completed'
)

select
    gym_id,
    local_date,
    topic,
    count(*)::integer as session_count,
    count(distinct member_id)::integer as distinct_member_count,
    (count(*) filter (where sentiment_label = 'negative'))::integer as negative_session_count,
    (count(*) filter (where sentiment_label = 'neutral'))::integer as neutral_session_count,
    (count(*) filter (where sentiment_label = 'positive'))::integer as positive_session_count,
    (count(*) filter (where outcome in ('unsolved', 'abandoned')))::integer as unsolved_session_count,
    avg(sentiment_score)::numeric(4, 3) as mean_sentiment_score,
    now() as built_at
from topics
group by gym_id, local_date, topic
