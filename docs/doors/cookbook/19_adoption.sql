-- Quelle part des adhérents parle à JARVIS ?
-- Adhérents actifs qui ont tenu au moins une conversation, et ceux qui y reviennent.
-- Columns: gym_name text, active_member_count bigint, talking_member_count bigint, returning_member_count bigint,
-- talking_percent numeric
-- Rows: at least one row

select
    gyms.gym_name,
    count(*) as active_member_count,
    count(*) filter (where members.conversation_count > 0) as talking_member_count,
    count(*) filter (where members.conversation_count > 1) as returning_member_count,
    round(100.0 * count(*) filter (where members.conversation_count > 0) / count(*), 1) as talking_percent
from marts.dim_members as members
inner join marts.dim_gyms as gyms on members.gym_id = gyms.gym_id
where members.is_active
group by gyms.gym_name
order by talking_percent desc;
