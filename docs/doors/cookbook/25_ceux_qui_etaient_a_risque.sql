-- Ceux que l'on disait à risque sont-ils partis ?
-- Par niveau, sur les mois dont l'issue est connue (60 jours, et 30 pour un renouvellement) ; règles et modèle à
-- part.
-- Columns: score_source text, risk_level text, settled_count bigint, left_count bigint, left_percent numeric
-- Rows: may be empty: no score is ninety days old yet

select
    score_source,
    risk_level,
    sum(settled_count) as settled_count,
    sum(left_count) as left_count,
    round(100.0 * sum(left_count) / nullif(sum(settled_count), 0), 1) as left_percent
from marts.fct_churn_outcomes
where settled_count > 0
group by score_source, risk_level
order by score_source, left_percent desc;
