-- De quoi les adhérents parlent-ils, et comment en repartent-ils ?
-- Conversations analysées des douze dernières semaines ; une conversation peut avoir plusieurs sujets.
-- Columns: topic text, session_count bigint, mean_sentiment_score numeric, unsolved_session_count bigint,
-- unsolved_percent numeric
-- Rows: at least one row

select
    topics.topic,
    count(*) as session_count,
    round(avg(sessions.sentiment_score), 2) as mean_sentiment_score,
    count(*) filter (where sessions.outcome in ('unsolved', 'abandoned')) as unsolved_session_count,
    round(
        100.0 * count(*) filter (where sessions.outcome in ('unsolved', 'abandoned')) / count(*), 1
    ) as unsolved_percent
from marts.fct_sessions as sessions
cross join lateral unnest(sessions.key_topics) as topics (topic)
cross join (select max(local_date) as last_date from marts.fct_gym_daily) as built
where sessions.analysis_status = 'completed' and sessions.local_date > built.last_date - 84
group by topics.topic
order by session_count desc;
