-- A cohort is as large in its last month as in its first, no month of it is missing, and each member is in one.

with

cohorts as (
    select
        gym_id,
        cohort_month_date,
        min(member_count) as least_count,
        max(member_count) as most_count,
        count(*) as month_count,
        max(month_number) as last_month_number
    from {{ ref('fct_retention_cohorts') }}
    group by gym_id, cohort_month_date
),

members as (
    select
        gym_id,
        cohort_month_date,
        count(*) as member_count
    from (
        select
            gym_id,
            member_id,
            date_trunc('month', min(started_date))::date as cohort_month_date
        from {{ ref('int_memberships__stays') }}
        group by gym_id, member_id
    ) as firsts
    group by gym_id, cohort_month_date
)

select
    cohorts.gym_id,
    cohorts.cohort_month_date
from cohorts
left join members on cohorts.gym_id = members.gym_id and cohorts.cohort_month_date = members.cohort_month_date
where cohorts.least_count <> cohorts.most_count
    or cohorts.month_count <> cohorts.last_month_number + 1
    or cohorts.most_count > coalesce(members.member_count, 0)
