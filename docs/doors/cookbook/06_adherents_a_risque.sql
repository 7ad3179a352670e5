-- Combien d'adhérents risquent de partir, salle par salle ?
-- Niveaux du score de la nuit ; à part, qui est trop récent pour être noté ou ne veut pas l'être.
-- Columns: gym_name text, critical_member_count bigint, high_member_count bigint, medium_member_count bigint,
-- low_member_count bigint, unscored_member_count bigint, at_risk_percent numeric
-- Rows: at least one row

select
    gyms.gym_name,
    count(*) filter (where members.churn_risk_level = 'critical') as critical_member_count,
    count(*) filter (where members.churn_risk_level = 'high') as high_member_count,
    count(*) filter (where members.churn_risk_level = 'medium') as medium_member_count,
    count(*) filter (where members.churn_risk_level = 'low') as low_member_count,
    count(*) filter (where members.churn_risk_level is null) as unscored_member_count,
    round(
        100.0 * count(*) filter (where members.is_at_risk)
        / nullif(count(members.churn_risk_level), 0),
        1
    ) as at_risk_percent
from marts.dim_members as members
inner join marts.dim_gyms as gyms on members.gym_id = gyms.gym_id
where members.is_active
group by gyms.gym_name
order by at_risk_percent desc nulls last;
