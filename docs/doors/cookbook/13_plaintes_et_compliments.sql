-- Quelles salles entendent plus de plaintes que de compliments ?
-- Conversations négatives et positives des douze dernières semaines ; la part est celle des négatives parmi les
-- deux.
-- Columns: gym_name text, negative_session_count bigint, positive_session_count bigint, negative_percent numeric
-- Rows: at least one row

select
    gyms.gym_name,
    sum(days.negative_session_count) as negative_session_count,
    sum(days.positive_session_count) as positive_session_count,
    round(
        100.0 * sum(days.negative_session_count)
        / nullif(sum(days.negative_session_count + days.positive_session_count), 0),
        1
    ) as negative_percent
from marts.fct_gym_daily as days
inner join marts.dim_gyms as gyms on days.gym_id = gyms.gym_id
cross join (select max(local_date) as last_date from marts.fct_gym_daily) as built
where days.local_date > built.last_date - 84
group by gyms.gym_name
order by negative_percent desc nulls last;
