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

-- A member belongs to the month of their first membership, for good.
cohorts as (
    select
        gym_id,
        member_id,
        date_trunc('month', min(started_date))::date as cohort_month_date
    from stays
    group by gym_id, member_id
),

visits as (
    select distinct
        member_id,
        date_trunc('month', local_date)::date as month_date
    from {{ ref('int_visits__localised') }}
),

-- Months that were on record whole.
records as (
    select
        gym_id,
        min(local_date) as first_date
    from {{ ref('int_visits__localised') }}
    group by gym_id
),

-- Month 0 is the month of joining; a month counts once its last day has passed.
months as (
    select
        cohorts.gym_id,
        cohorts.member_id,
        cohorts.cohort_month_date,
        calendar.month_number,
        (cohorts.cohort_month_date + calendar.month_number * interval '1 month')::date as month_date,
        (cohorts.cohort_month_date + (calendar.month_number + 1) * interval '1 month' - interval '1 day')::date
            as last_date
    from cohorts
    inner join gyms on cohorts.gym_id = gyms.gym_id
    cross join generate_series(0, 24) as calendar (month_number)
    where cohorts.cohort_month_date >= gyms.today_date - interval '36 months'
        and cohorts.cohort_month_date + (calendar.month_number + 1) * interval '1 month' <= gyms.today_date
),

held as (
    select distinct
        months.member_id,
        months.month_number
    from months
    inner join stays
        on months.member_id = stays.member_id
        and stays.started_date <= months.last_date
        and stays.ended_date >= months.last_date
),

counted as (
    select
        months.gym_id,
        months.cohort_month_date,
        months.month_number,
        count(*) as member_count,
        count(held.member_id) as retained_count,
        case when months.month_date >= min(records.first_date) then count(visits.member_id) end as visiting_count
    from months
    left join records on months.gym_id = records.gym_id
    left join held on months.member_id = held.member_id and months.month_number = held.month_number
    left join visits on months.member_id = visits.member_id and months.month_date = visits.month_date
    group by months.gym_id, months.cohort_month_date, months.month_number, months.month_date
)

select
    gym_id,
    cohort_month_date,
    month_number::integer as month_number,
    member_count::integer as member_count,
    retained_count::integer as retained_count,
    visiting_count::integer as visiting_count,
    (retained_count::numeric / member_count)::numeric(5, 4) as retention_rate,
    now() as built_at
from counted
