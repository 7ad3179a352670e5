-- Quelles formules gardent le mieux leurs adhérents ?
-- Par formule de la dernière adhésion : part résiliée ou expirée, risque et prix de ceux qui restent.
-- Columns: membership_plan text, member_count bigint, ended_percent numeric, at_risk_percent numeric,
-- mean_price_eur_per_month numeric
-- Rows: at least one row

select
    membership_plan,
    count(*) as member_count,
    round(100.0 * count(*) filter (where membership_status in ('cancelled', 'expired')) / count(*), 1) as ended_percent,
    round(
        100.0 * count(*) filter (where is_active and is_at_risk)
        / nullif(count(*) filter (where is_active and churn_risk_level is not null), 0),
        1
    ) as at_risk_percent,
    round(avg(monthly_price_eur) filter (where is_active), 2) as mean_price_eur_per_month
from marts.dim_members
where membership_plan is not null
group by membership_plan
having count(*) >= 5
order by ended_percent desc;
