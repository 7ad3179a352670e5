with

gyms as (
    select
        gym_id,
        {{ local_date('now()', 'timezone') }} as today_date
    from {{ ref('stg_jarvis__gyms') }}
),

stays as (
    select * from {{ ref('int_memberships__stays') }}
),

-- Three years back, or to the gym's first membership.
spans as (
    select
        gyms.gym_id,
        gyms.today_date,
        date_trunc('month', greatest(min(stays.started_date), (gyms.today_date - interval '36 months')::date))
            as first_month,
        date_trunc('month', gyms.today_date) as last_month
    from gyms
    inner join stays on gyms.gym_id = stays.gym_id
    group by gyms.gym_id, gyms.today_date
),

months as (
    select
        spans.gym_id,
        spans.today_date,
        calendar.moment::date as month_date,
        (calendar.moment + interval '1 month')::date as next_month_date
    from spans
    cross join lateral generate_series(spans.first_month, spans.last_month, interval '1 month') as calendar (moment)
),

counted as (
    select
        months.gym_id,
        months.month_date,
        -- Whoever comes back within 30 days has not left.
        months.next_month_date + 30 <= months.today_date as is_settled,
        count(*) filter (
            where stays.started_date < months.month_date and stays.ended_date >= months.month_date
        ) as member_count,
        count(*) filter (
            where stays.started_date >= months.month_date and stays.started_date < months.next_month_date
        ) as joined_count,
        count(*) filter (
            where stays.ended_date >= months.month_date
                and stays.ended_date < months.next_month_date
                and stays.started_date < months.month_date
                and stays.ended_date < months.today_date
        ) as left_count,
        count(*) filter (
            where stays.ended_date >= months.month_date
                and stays.ended_date < months.next_month_date
                and stays.started_date >= months.month_date
                and stays.ended_date < months.today_date
        ) as joined_and_left_count,
        sum(stays.last_monthly_price_eur) filter (
            where stays.ended_date >= months.month_date
                and stays.ended_date < months.next_month_date
                and stays.ended_date < months.today_date
        ) as lost_monthly_price_eur
    from months
    inner join stays
        on months.gym_id = stays.gym_id
        and stays.started_date < months.next_month_date
        and stays.ended_date >= months.month_date
    group by months.gym_id, months.month_date, months.next_month_date, months.today_date
)

select
    gym_id,
    month_date,
    is_settled,
    member_count::integer as member_count,
    joined_count::integer as joined_count,
    left_count::integer as left_count,
    joined_and_left_count::integer as joined_and_left_count,
    (left_count::numeric / nullif(member_count, 0))::numeric(5, 4) as churn_rate,
    coalesce(lost_monthly_price_eur, 0)::numeric(12, 2) as lost_monthly_price_eur,
    now() as built_at
from counted
