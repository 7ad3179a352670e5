-- By model and modality or by session, a gym's day costs the same to the microdollar.

with

bills as (
    select
        gym_id,
        local_date,
        sum(cost_usd) as cost_usd
    from {{ ref('fct_costs_daily') }}
    group by gym_id, local_date
),

days as (
    select
        gym_id,
        local_date,
        cost_usd
    from {{ ref('fct_gym_daily') }}
)

select
    coalesce(days.gym_id, bills.gym_id) as gym_id,
    coalesce(days.local_date, bills.local_date) as local_date
from days
full outer join bills on days.gym_id = bills.gym_id and days.local_date = bills.local_date
where coalesce(days.cost_usd, 0) <> coalesce(bills.cost_usd, 0)
