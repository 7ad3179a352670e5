-- record --
-- Since when the gyms in view are on record: the first of them, and all of them; and when their days were built.
select
    min(days.local_date) as first_date,
    max(days.local_date) as comparable_date,
    min(days.built_at) as built_at
from marts.dim_gyms as gyms
-- All of a gym's days were built together; its first is read off the key.
cross join lateral (
    select
        daily.local_date,
        daily.built_at
    from marts.fct_gym_daily as daily
    where daily.gym_id = gyms.gym_id
    order by daily.local_date
    limit 1
) as days
where %(gym_id)s::uuid is null or gyms.gym_id = %(gym_id)s::uuid;

-- days --
-- Each day of the gyms in view, summed, oldest first: of the period, of the one before and of last year's.
select
    daily.local_date,
    sum(daily.visit_count)::bigint as visit_count,
    sum(daily.session_count)::bigint as session_count
from marts.fct_gym_daily as daily
where (%(gym_id)s::uuid is null or daily.gym_id = %(gym_id)s::uuid)
    and (
        daily.local_date between %(first)s::date and %(last)s::date
        or daily.local_date between %(year_first)s::date and %(year_last)s::date
    )
group by daily.local_date
order by daily.local_date;

-- hours --
-- Visits of each hour of the week over the period; fewer than are told are null.
select
    hours.weekday_number,
    hours.local_hour,
    case when hours.visit_count = 0 or hours.visit_count >= %(least)s::integer then hours.visit_count end as visit_count
from (
    select
        hourly.weekday_number,
        hourly.local_hour,
        sum(hourly.visit_count)::bigint as visit_count
    from marts.fct_visits_hourly as hourly
    where (%(gym_id)s::uuid is null or hourly.gym_id = %(gym_id)s::uuid)
        and hourly.local_date between %(first)s::date and %(last)s::date
    group by hourly.weekday_number, hourly.local_hour
) as hours
order by hours.weekday_number, hours.local_hour;

-- topics --
-- What was spoken of in the period and in the one before; a topic of fewer members than are told has no figures, and one
-- of a mood that fewer conversations had is told without its moods.
with gyms as (
    select
        daily.topic,
        daily.local_date >= %(first)s::date as is_now,
        daily.gym_id,
        -- Nobody is a member of two gyms: these add up to no more members than there were.
        max(daily.distinct_member_count) as member_count,
        sum(daily.session_count)::bigint as session_count,
        sum(daily.negative_session_count)::bigint as negative_count,
        sum(daily.neutral_session_count)::bigint as neutral_count,
        sum(daily.positive_session_count)::bigint as positive_count
    from marts.fct_topics_daily as daily
    where (%(gym_id)s::uuid is null or daily.gym_id = %(gym_id)s::uuid)
        and daily.local_date between %(before)s::date and %(last)s::date
    group by daily.topic, daily.local_date >= %(first)s::date, daily.gym_id
),

-- Counted only where the gyms' best days leave it open: a large network never asks.
members as materialized (
    select
        spoken.topic,
        sessions.local_date >= %(first)s::date as is_now,
        count(distinct sessions.member_id) as member_count
    from marts.fct_sessions as sessions
    cross join lateral unnest(sessions.key_topics) as spoken (topic)
    where (%(gym_id)s::uuid is null or sessions.gym_id = %(gym_id)s::uuid)
        and sessions.analysis_status = 'completed'
        and sessions.local_date between %(before)s::date and %(last)s::date
    group by spoken.topic, sessions.local_date >= %(first)s::date
),

counts as (
    select
        gyms.topic,
        gyms.is_now,
        sum(gyms.session_count)::bigint as session_count,
        sum(gyms.negative_count)::bigint as negative_count,
        sum(gyms.neutral_count)::bigint as neutral_count,
        sum(gyms.positive_count)::bigint as positive_count,
        case
            when sum(gyms.member_count) >= %(least)s::integer then true
            else coalesce((
                select members.member_count
                from members
                where members.topic = gyms.topic and members.is_now = gyms.is_now
            ), 0) >= %(least)s::integer
        end as is_told
    from gyms
    group by gyms.topic, gyms.is_now
),

moods as (
    select
        counts.*,
        counts.is_told
        and not exists (
            select 1
            from unnest(array[counts.negative_count, counts.neutral_count, counts.positive_count]) as had (mood_count)
            where had.mood_count > 0 and had.mood_count < %(least)s::integer
        ) as is_mood_told
    from counts
)

select
    moods.topic,
    moods.is_now,
    not moods.is_told as is_suppressed,
    case when moods.is_told then moods.session_count end as session_count,
    case when moods.is_mood_told then moods.negative_count end as negative_count,
    case when moods.is_mood_told then moods.neutral_count end as neutral_count,
    case when moods.is_mood_told then moods.positive_count end as positive_count
from moods
order by moods.is_now desc, moods.session_count desc, moods.topic;

-- endings --
-- How conversations ended and how content members left, by part of the period and over each period (part null).
select
    endings.is_now,
    endings.part,
    endings.member_count < %(least)s::integer as is_suppressed,
    case when endings.member_count >= %(least)s::integer then endings.solved_count end as solved_count,
    case when endings.member_count >= %(least)s::integer then endings.handed_over_count end as handed_over_count,
    case when endings.member_count >= %(least)s::integer then endings.unsolved_count end as unsolved_count,
    case when endings.member_count >= %(least)s::integer then endings.abandoned_count end as abandoned_count,
    case when endings.member_count >= %(least)s::integer then endings.estimated_count end as estimated_count,
    case when endings.member_count >= %(least)s::integer then endings.mean_satisfaction end::double precision
        as mean_satisfaction
from (
    select
        dated.is_now,
        dated.part,
        count(distinct dated.member_id) as member_count,
        count(*) filter (where dated.outcome = 'solved') as solved_count,
        count(*) filter (where dated.outcome = 'handed_over') as handed_over_count,
        count(*) filter (where dated.outcome = 'unsolved') as unsolved_count,
        count(*) filter (where dated.outcome = 'abandoned') as abandoned_count,
        count(dated.satisfaction) as estimated_count,
        avg(dated.satisfaction) as mean_satisfaction
    from (
        select
            sessions.member_id,
            sessions.outcome,
            sessions.satisfaction,
            sessions.local_date >= %(first)s::date as is_now,
            (sessions.local_date - %(before)s::date) / %(part_days)s::integer as part
        from marts.fct_sessions as sessions
        where (%(gym_id)s::uuid is null or sessions.gym_id = %(gym_id)s::uuid)
            and sessions.analysis_status = 'completed'
            and sessions.local_date between %(before)s::date and %(last)s::date
    ) as dated
    group by grouping sets ((dated.is_now, dated.part), (dated.is_now))
) as endings
order by endings.is_now, endings.part;

-- costs --
-- What each kind of bill came to, day by day, oldest first.
select
    costs.local_date,
    costs.cost_kind,
    sum(costs.cost_usd)::double precision as cost_usd
from marts.fct_costs_daily as costs
where (%(gym_id)s::uuid is null or costs.gym_id = %(gym_id)s::uuid)
    and costs.local_date between %(first)s::date and %(last)s::date
group by costs.local_date, costs.cost_kind
order by costs.local_date, costs.cost_kind;

-- leavers --
-- Who joined and who left, month by month, oldest first; a month of fewer members than are told has no figures.
select
    months.month_date,
    months.is_settled,
    case when months.member_count >= %(least)s::integer then months.member_count end as member_count,
    case when months.member_count >= %(least)s::integer then months.joined_count end as joined_count,
    case when months.member_count >= %(least)s::integer then months.left_count end as left_count,
    case when months.member_count >= %(least)s::integer then months.lost_monthly_price_eur end::double precision
        as lost_monthly_price_eur
from (
    select
        monthly.month_date,
        bool_and(monthly.is_settled) as is_settled,
        sum(monthly.member_count) as member_count,
        sum(monthly.joined_count) as joined_count,
        sum(monthly.left_count) as left_count,
        sum(monthly.lost_monthly_price_eur) as lost_monthly_price_eur
    from marts.fct_churn_monthly as monthly
    where (%(gym_id)s::uuid is null or monthly.gym_id = %(gym_id)s::uuid)
        and monthly.month_date >= %(first)s::date
    group by monthly.month_date
) as months
order by months.month_date;

-- stays --
-- Of those who joined since a day, how many were still there so many months later.
select
    stays.month_number,
    stays.member_count,
    stays.retained_count
from (
    select
        cohorts.month_number,
        sum(cohorts.member_count) as member_count,
        sum(cohorts.retained_count) as retained_count
    from marts.fct_retention_cohorts as cohorts
    where (%(gym_id)s::uuid is null or cohorts.gym_id = %(gym_id)s::uuid)
        and cohorts.cohort_month_date >= %(first)s::date
        and cohorts.month_number <= 12
    group by cohorts.month_number
) as stays
where stays.member_count >= %(least)s::integer
order by stays.month_number;
