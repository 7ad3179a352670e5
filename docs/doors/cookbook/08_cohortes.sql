-- De ceux qui sont arrivés le même mois, combien sont encore là ?
-- Douze derniers mois d'arrivée, depuis que la salle est suivie : de qui est parti avant, rien n'est connu. « Encore
-- là » : actif aujourd'hui. Moins de cinq adhérents ne se montrent pas.
-- Columns: cohort_month_date date, joined_member_count bigint, still_active_member_count bigint,
-- still_active_percent numeric
-- Rows: may be empty: nobody has joined since the gyms are on record

with

records as (
    select
        gym_id,
        min(local_date) filter (where visit_count > 0) as first_date,
        max(local_date) as last_date
    from marts.fct_gym_daily
    group by gym_id
)

select
    members.cohort_month_date,
    count(*) as joined_member_count,
    count(*) filter (where members.is_active) as still_active_member_count,
    round(100.0 * count(*) filter (where members.is_active) / count(*), 1) as still_active_percent
from marts.dim_members as members
inner join records on members.gym_id = records.gym_id
where members.cohort_month_date >= records.first_date
    and members.cohort_month_date > records.last_date - interval '13 months'
group by members.cohort_month_date
having count(*) >= 5
order by members.cohort_month_date;
