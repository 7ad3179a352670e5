-- Comment évolue l'humeur, semaine par semaine ?
-- Sentiment moyen des conversations analysées, de -1 à 1, et part des négatives ; douze semaines entières, sauf
-- celles dont rien n'est encore analysé.
-- Columns: week_start_date date, analysed_session_count bigint, mean_sentiment_score numeric, negative_percent
-- numeric
-- Rows: at least one row

select
    date_trunc('week', sessions.local_date)::date as week_start_date,
    count(*) as analysed_session_count,
    round(avg(sessions.sentiment_score), 3) as mean_sentiment_score,
    round(100.0 * count(*) filter (where sessions.sentiment_label = 'negative') / count(*), 1) as negative_percent
from marts.fct_sessions as sessions
cross join (select max(local_date) as last_date from marts.fct_gym_daily) as built
where sessions.analysis_status = 'completed'
    and sessions.local_date < date_trunc('week', built.last_date + 1)
    and sessions.local_date >= date_trunc('week', built.last_date + 1) - interval '12 weeks'
group by week_start_date
order by week_start_date;
