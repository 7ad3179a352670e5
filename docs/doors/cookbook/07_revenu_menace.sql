-- Quel revenu mensuel est menacé ?
-- Prix mensuels, en euros, des adhérents actifs à risque élevé ou critique ; un prix inconnu compte zéro et se
-- voit à part.
-- Columns: gym_name text, at_risk_member_count bigint, at_risk_eur_per_month numeric, total_eur_per_month numeric,
-- unpriced_member_count bigint
-- Rows: at least one row

select
    gyms.gym_name,
    count(*) filter (where members.is_at_risk) as at_risk_member_count,
    coalesce(
        sum(members.monthly_price_eur) filter (where members.is_at_risk), 0
    ) as at_risk_eur_per_month,
    coalesce(sum(members.monthly_price_eur), 0) as total_eur_per_month,
    count(*) filter (
        where members.is_at_risk and members.monthly_price_eur is null
    ) as unpriced_member_count
from marts.dim_members as members
inner join marts.dim_gyms as gyms on members.gym_id = gyms.gym_id
where members.is_active
group by gyms.gym_name
order by at_risk_eur_per_month desc;
