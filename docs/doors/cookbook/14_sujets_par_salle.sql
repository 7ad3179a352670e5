-- Quel est le premier motif de plainte de chaque salle ?
-- Conversations négatives des douze dernières semaines, et la part de celles qui portent sur ce sujet.
-- Columns: gym_name text, topic text, session_count bigint, complaint_count bigint, share_percent numeric
-- Rows: at least one row

with

complaints as (
    select
        sessions.gym_id,
        sessions.key_topics
    from marts.fct_sessions as sessions
    cross join (select max(local_date) as last_date from marts.fct_gym_daily) as built
    where sessions.sentiment_label = 'negative' and sessions.local_date > built.last_date - 84
),

by_gym as (
    select
        gym_id,
        count(*) as complaint_count
    from complaints
    group by gym_id
),

by_topic as (
    select
        complaints.gym_id,
        topics.topic,
        count(*) as session_count,
        row_number() over (partition by complaints.gym_id order by count(*) desc, topics.topic) as topic_rank
    from complaints
    cross join lateral unnest(complaints.key_topics) as topics (topic)
    group by complaints.gym_id, topics.topic
)

select
    gyms.gym_name,
    by_topic.topic,
    by_topic.session_count,
    by_gym.complaint_count,
    round(100.0 * by_topic.session_count / by_gym.complaint_count, 1) as share_percent
from by_topic
inner join by_gym on by_topic.gym_id = by_gym.gym_id
inner join marts.dim_gyms as gyms on by_topic.gym_id = gyms.gym_id
where by_topic.topic_rank = 1
order by by_topic.session_count desc;
