-- Who was there, plus who came, less who left, is who is there a month later.

with

months as (
    select
        gym_id,
        month_date,
        member_count + joined_count - left_count - joined_and_left_count as expected_count,
        lead(member_count) over (partition by gym_id order by month_date) as next_member_count
    from {{ ref('fct_churn_monthly') }}
)

select
    gym_id,
    month_date
from months
where next_member_count <> expected_count
