with

memberships as (
    select
        membership_id,
        gym_id,
        member_id,
        started_date,
        least(expires_date, coalesce(cancelled_date, expires_date)) as ended_date,
        monthly_price_eur
    from {{ ref('stg_jarvis__memberships') }}
),

-- One cancelled before it began never ran.
numbered as (
    select
        *,
        max(ended_date) over (
            partition by member_id
            order by started_date, ended_date, membership_id
            rows between unbounded preceding and 1 preceding
        ) as ended_before_date
    from memberships
    where ended_date >= started_date
),

-- A renewal within 30 days is no leaving: the stay goes on.
grouped as (
    select
        *,
        count(*) filter (
            where ended_before_date is null or started_date > ended_before_date + 30
        ) over (
            partition by member_id
            order by started_date, ended_date, membership_id
        ) as stay_number
    from numbered
)

select
    gym_id,
    member_id,
    stay_number::integer as stay_number,
    min(started_date) as started_date,
    max(ended_date) as ended_date,
    count(*)::integer as membership_count,
    (array_agg(monthly_price_eur order by ended_date desc, membership_id))[1]::numeric(8, 2) as last_monthly_price_eur
from grouped
group by gym_id, member_id, stay_number
