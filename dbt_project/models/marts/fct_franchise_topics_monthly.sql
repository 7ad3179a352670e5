{{ config(materialized="view") }}

with

topics as (
    select
        sessions.gym_id,
        gyms.franchise_id,
        date_trunc('month', sessions.local_date)::date as month_date,
        topics.topic,
        count(*) as session_count,
        count(distinct sessions.member_id) as member_count,
        count(*) filter (where sessions.sentiment_label = 'negative') as negative_session_count,
        avg(sessions.sentiment_score) as mean_sentiment_score
    from {{ ref('fct_sessions') }} as sessions
    inner join {{ ref('dim_gyms') }} as gyms on sessions.gym_id = gyms.gym_id
    cross join lateral unnest(sessions.key_topics) as topics (topic)
    where sessions.analysis_status = 'completed'
    group by 1, 2, 3, 4
)

select
    gym_id,
    franchise_id,
    month_date,
    topic,
    member_count < {{ var('least_members') }} as is_suppressed,
    case when member_count >= {{ var('least_members') }} then session_count end::bigint as session_count,
    case when member_count >= {{ var('least_members') }} then member_count end::bigint as member_count,
    case
        when member_count >= {{ var('least_members') }}
            then {{ suppressed('negative_session_count', ['negative_session_count']) }}
    end::bigint as negative_session_count,
    case when member_count >= {{ var('least_members') }} then mean_sentiment_score end::numeric(4, 3)
        as mean_sentiment_score
from topics
