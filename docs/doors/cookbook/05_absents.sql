-- Combien d'adhérents manquent à leur propre habitude ?
-- `absent` : absent depuis plus longtemps que ses écarts habituels, jours fermés et absences annoncées mis à part.
-- Columns: gym_name text, missed_member_count bigint, falling_member_count bigint, excused_member_count bigint,
-- median_days_missed numeric
-- Rows: at least one row

select
    gyms.gym_name,
    count(*) filter (where members.visit_trend = 'absent' and members.mute_reason is null) as missed_member_count,
    count(*) filter (where members.visit_trend = 'falling') as falling_member_count,
    count(*) filter (where members.mute_reason is not null) as excused_member_count,
    round(
        percentile_cont(0.5) within group (
            order by members.counted_days_since_last_visit
        ) filter (where members.visit_trend = 'absent')::numeric,
        0
    ) as median_days_missed
from marts.dim_members as members
inner join marts.dim_gyms as gyms on members.gym_id = gyms.gym_id
where members.is_active
group by gyms.gym_name
order by missed_member_count desc;
