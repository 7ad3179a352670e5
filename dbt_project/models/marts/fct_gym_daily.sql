with

gyms as (
    select * from {{ ref('stg_jarvis__gyms') }}
),

visits as (
    select
        visits.gym_id,
        visits.local_date,
        count(*) as visit_count,
        count(distinct visits.member_id) as distinct_visitor_count
    from {{ ref('int_visits__localised') }} as visits
    group by 1, 2
),

sessions as (
    select
        gym_id,
        local_date,
        count(*) as session_count,
        sum(duration_seconds) / 60 as session_minutes,
        avg(sentiment_score) as mean_sentiment_score,
        count(*) filter (where sentiment_label = 'negative') as negative_session_count,
        count(*) filter (where sentiment_label = 'positive') as positive_session_count,
        count(*) filter (where not has_analysis_consent) as unconsented_session_count,
        sum(cost_usd) as cost_usd,
        sum(voice_cost_usd) as voice_cost_usd
    from {{ ref('fct_sessions') }}
    group by 1, 2
),

alerts as (
    select
        alerts.gym_id,
        {{ local_date('alerts.opened_at', 'gyms.timezone') }} as local_date,
        count(*) as alert_opened_count
    from {{ ref('stg_jarvis__alerts') }} as alerts
    inner join gyms on alerts.gym_id = gyms.gym_id
    group by 1, 2
),

spans as (
    select
        gym_id,
        min(local_date) as first_date,
        max(local_date) as last_date
    from (
        select gym_id, local_date from visits
        union all
        select gym_id, local_date from sessions
        union all
        select gym_id, local_date from alerts
    ) as activity
    group by gym_id
),

-- A quiet day is a row of zeros, not a gap: means over days and charts then need no care.
days as (
    select
        spans.gym_id,
        calendar.moment::date as local_date
    from spans
    cross join lateral
        generate_series(spans.first_date::timestamp, spans.last_date::timestamp, interval '1 day') as calendar (moment)
),

-- Where a gym stands decides which days are holidays there; beyond the calendar's last day nobody knows.
calendar as (
    select
        gyms.gym_id,
        dates.calendar_date,
        dates.is_public_holiday or coalesce(gyms.holiday_region = any (dates.holiday_regions), false)
            as is_public_holiday,
        case gyms.school_zone
            when 'A' then dates.is_school_holiday_zone_a
            when 'B' then dates.is_school_holiday_zone_b
            when 'C' then dates.is_school_holiday_zone_c
        end as is_school_holiday
    from gyms
    cross join {{ ref('dim_dates') }} as dates
),

counted as (
    select
        days.gym_id,
        days.local_date,
        calendar.is_public_holiday,
        calendar.is_school_holiday,
        exists (
            select 1
            from {{ ref('stg_jarvis__closures') }} as closures
            where closures.gym_id = days.gym_id
                and days.local_date between closures.start_date and closures.end_date
        ) as is_closed,
        coalesce(visits.visit_count, 0)::integer as visit_count,
        coalesce(visits.distinct_visitor_count, 0)::integer as distinct_visitor_count,
        coalesce(sessions.session_count, 0)::integer as session_count,
        coalesce(sessions.session_minutes, 0)::numeric(12, 2) as session_minutes,
        sessions.mean_sentiment_score::numeric(4, 3) as mean_sentiment_score,
        coalesce(sessions.negative_session_count, 0)::integer as negative_session_count,
        coalesce(sessions.positive_session_count, 0)::integer as positive_session_count,
        coalesce(sessions.unconsented_session_count, 0)::integer as unconsented_session_count,
        coalesce(alerts.alert_opened_count, 0)::integer as alert_opened_count,
        coalesce(sessions.cost_usd, 0)::numeric(14, 6) as cost_usd,
        coalesce(sessions.voice_cost_usd, 0)::numeric(14, 6) as voice_cost_usd,
        now() as built_at
    from days
    left join calendar on days.gym_id = calendar.gym_id and days.local_date = calendar.calendar_date
    left join visits on days.gym_id = visits.gym_id and days.local_date = visits.local_date
    left join sessions on days.gym_id = sessions.gym_id and days.local_date = sessions.local_date
    left join alerts on days.gym_id = alerts.gym_id and days.local_date = alerts.local_date
)

select * from counted
