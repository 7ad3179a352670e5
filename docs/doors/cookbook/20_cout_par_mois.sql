-- Que coûte chaque salle par mois ?
-- Voix et analyse, en dollars ; le mois en cours n'est pas fini. Par conversation, pour comparer des salles de
-- taille inégale.
-- Columns: month_date date, gym_name text, session_count bigint, voice_cost_usd numeric, analysis_cost_usd
-- numeric, cost_usd numeric, mean_cost_usd numeric
-- Rows: at least one row

select
    date_trunc('month', sessions.local_date)::date as month_date,
    gyms.gym_name,
    count(*) as session_count,
    sum(sessions.voice_cost_usd) as voice_cost_usd,
    sum(sessions.analysis_cost_usd) as analysis_cost_usd,
    sum(sessions.cost_usd) as cost_usd,
    round(avg(sessions.cost_usd), 4) as mean_cost_usd
from marts.fct_sessions as sessions
inner join marts.dim_gyms as gyms on sessions.gym_id = gyms.gym_id
group by month_date, gyms.gym_name
order by month_date desc, cost_usd desc;
