-- Quelles demandes restent sans solution ?
-- Par intention, douze dernières semaines ; au moins cinq conversations.
-- Columns: intent text, session_count bigint, solved_session_count bigint, handed_over_session_count bigint,
-- unsolved_session_count bigint, unsolved_percent numeric
-- Rows: may be empty: fewer than five conversations of each intent

select
    intents.intent,
    count(*) as session_count,
    count(*) filter (where sessions.outcome = 'solved') as solved_session_count,
    count(*) filter (where sessions.outcome = 'handed_over') as handed_over_session_count,
    count(*) filter (where sessions.outcome in ('unsolved', 'abandoned')) as unsolved_session_count,
    round(
        100.0 * count(*) filter (where sessions.outcome in ('unsolved', 'abandoned')) / count(*), 1
    ) as unsolved_percent
from marts.fct_sessions as sessions
cross join lateral unnest(sessions.intents) as intents (intent)
cross join (select max(local_date) as last_date from marts.fct_gym_daily) as built
where sessions.analysis_status = 'completed' and sessions.local_date > built.last_date - 84
group by intents.intent
having count(*) >= 5
order by unsolved_percent desc, session_count desc;
