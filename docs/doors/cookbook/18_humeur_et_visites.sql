-- Ceux qui se plaignent viennent-ils moins ?
-- Adhérents actifs qui ont parlé au moins une fois, par humeur moyenne ; moins de cinq ne se montrent pas.
-- Columns: mood text, member_count bigint, mean_visits_per_week numeric, mean_usual_visits_per_week numeric,
-- at_risk_percent numeric
-- Rows: may be empty: too few members have talked

select
    case
        when mean_sentiment_score < -0.2 then '1: négative'
        when mean_sentiment_score <= 0.2 then '2: neutre'
        else '3: positive'
    end as mood,
    count(*) as member_count,
    round(avg(visit_frequency_per_week), 2) as mean_visits_per_week,
    round(avg(usual_visits_per_week), 2) as mean_usual_visits_per_week,
    round(100.0 * count(*) filter (where is_at_risk) / count(*), 1) as at_risk_percent
from marts.dim_members
where is_active and mean_sentiment_score is not null
group by mood
having count(*) >= 5
order by mood;
