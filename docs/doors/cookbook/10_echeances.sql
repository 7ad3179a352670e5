-- Combien d'adhésions arrivent à échéance dans les soixante jours, et avec quel risque ?
-- Adhésions actives, par semaine d'échéance ; un renouvellement se gagne avant.
-- Columns: week_start_date date, expiring_member_count bigint, at_risk_member_count bigint, expiring_eur_per_month
-- numeric
-- Rows: at least one row

select
    date_trunc('week', members.membership_expires_date)::date as week_start_date,
    count(*) as expiring_member_count,
    count(*) filter (where members.is_at_risk) as at_risk_member_count,
    coalesce(sum(members.monthly_price_eur), 0) as expiring_eur_per_month
from marts.dim_members as members
cross join (select max(local_date) as last_date from marts.fct_gym_daily) as built
where members.is_active
    and members.membership_status = 'active'
    and members.membership_expires_date between built.last_date and built.last_date + 60
group by week_start_date
order by week_start_date;
