-- De ceux qui sont arrivés le même mois, combien sont encore là ?
-- Douze derniers mois d'arrivée ; « encore là » : actif aujourd'hui. Moins de cinq adhérents ne se montrent pas.
-- Columns: cohort_month_date date, joined_member_count bigint, still_active_member_count bigint,
-- still_active_percent numeric
-- Rows: at least one row

select
    cohort_month_date,
    count(*) as joined_member_count,
    count(*) filter (where is_active) as still_active_member_count,
    round(100.0 * count(*) filter (where is_active) / count(*), 1) as still_active_percent
from marts.dim_members
cross join (select max(local_date) as last_date from marts.fct_gym_daily) as built
where cohort_month_date > built.last_date - interval '13 months'
group by cohort_month_date
having count(*) >= 5
order by cohort_month_date;
