-- A gym's topics are those of its analysed conversations, no more and no less.

with

counted as (
    select
        gym_id,
        sum(session_count) as topic_count,
        sum(negative_session_count) as negative_topic_count
    from {{ ref('fct_topics_daily') }}
    group by gym_id
),

found as (
    select
        gym_id,
        sum(cardinality(key_topics)) as topic_count,
        coalesce(sum(cardinality(key_topics)) filter (where sentiment_label = 'negative'), 0) as negative_topic_count
    from {{ ref('fct_sessions') }}
    where analysis_status = 'completed'
    group by gym_id
)

select found.gym_id
from found
left join counted on found.gym_id = counted.gym_id
where found.topic_count <> coalesce(counted.topic_count, 0)
    or found.negative_topic_count <> coalesce(counted.negative_topic_count, 0)
