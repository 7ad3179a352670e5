-- Combien d'adhérents avons-nous, et combien viennent vraiment ?
-- Parmi les adhérents actifs : ceux qui sont venus dans les quatre dernières semaines, et ceux qui n'ont jamais
-- badgé.
-- Columns: gym_name text, active_member_count bigint, came_within_28_days_count bigint, never_came_count bigint,
-- came_percent numeric
-- Rows: at least one row

select
    gyms.gym_name,
    count(*) as active_member_count,
    count(*) filter (where members.days_since_last_visit < 28) as came_within_28_days_count,
    count(*) filter (where members.last_visit_at is null) as never_came_count,
    round(100.0 * count(*) filter (where members.days_since_last_visit < 28) / count(*), 1) as came_percent
from marts.dim_members as members
inner join marts.dim_gyms as gyms on members.gym_id = gyms.gym_id
where members.is_active
group by gyms.gym_name
order by came_percent asc;
