{{ config(indexes=[{"columns": ["gym_id", "week_start_date"]}]) }}

with

members as (
    select
        members.member_id,
        members.gym_id,
        coalesce(members.member_since_date, {{ local_date('members.created_at', 'gyms.timezone') }}) as joined_date,
        {{ local_date('now()', 'gyms.timezone') }} as today_date
    from {{ ref('stg_jarvis__members') }} as members
    inner join {{ ref('stg_jarvis__gyms') }} as gyms on members.gym_id = gyms.gym_id
),

visits as (
    select
        member_id,
        date_trunc('week', local_date)::date as week_start_date,
        count(*) as visit_count,
        count(distinct local_date) as visit_day_count
    from {{ ref('int_visits__localised') }}
    group by 1, 2
),

-- Before a gym's first day on record, no visit means nothing; without one, no week does.
records as (
    select
        gym_id,
        min(local_date) as first_date
    from {{ ref('int_visits__localised') }}
    group by gym_id
),

sessions as (
    select
        member_id,
        date_trunc('week', local_date)::date as week_start_date,
        count(*) as session_count,
        count(*) filter (where sentiment_label = 'negative') as negative_session_count,
        avg(sentiment_score) as mean_sentiment_score
    from {{ ref('fct_sessions') }}
    where member_id is not null
    group by 1, 2
),

active_weeks as (
    select
        member_id,
        week_start_date
    from visits
    union
    select
        member_id,
        week_start_date
    from sessions
),

activity as (
    select
        member_id,
        min(week_start_date) as first_week_date,
        max(week_start_date) as last_week_date
    from active_weeks
    group by member_id
),

stays as (
    select
        member_id,
        max(ended_date) as ended_date
    from {{ ref('int_memberships__stays') }}
    group by member_id
),

-- least and greatest look past nulls: a member without visits has weeks, and so has one without a membership.
spans as (
    select
        members.*,
        least(activity.first_week_date, date_trunc('week', greatest(members.joined_date, coalesce(records.first_date, members.today_date)))::date)
            as first_week_date,
        greatest(
            activity.last_week_date,
            date_trunc('week', least(members.today_date, coalesce(stays.ended_date, members.today_date)))::date
        ) as last_week_date
    from members
    left join records on members.gym_id = records.gym_id
    left join activity on members.member_id = activity.member_id
    left join stays on members.member_id = stays.member_id
),

weeks as (
    select
        spans.member_id,
        spans.gym_id,
        spans.joined_date,
        calendar.moment::date as week_start_date
    from spans
    cross join lateral
        generate_series(spans.first_week_date::timestamp, spans.last_week_date::timestamp, interval '7 days')
            as calendar (moment)
),

held as (
    select distinct
        weeks.member_id,
        weeks.week_start_date
    from weeks
    inner join {{ ref('int_memberships__stays') }} as stays
        on weeks.member_id = stays.member_id
        and stays.started_date <= weeks.week_start_date + 6
        and stays.ended_date >= weeks.week_start_date
)

select
    weeks.member_id,
    weeks.gym_id,
    weeks.week_start_date,
    (weeks.week_start_date - date_trunc('week', weeks.joined_date)::date) / 7 as weeks_since_joined_count,
    held.member_id is not null as has_membership,
    coalesce(visits.visit_count, 0)::integer as visit_count,
    coalesce(visits.visit_day_count, 0)::integer as visit_day_count,
    coalesce(sessions.session_count, 0)::integer as session_count,
    coalesce(sessions.negative_session_count, 0)::integer as negative_session_count,
    sessions.mean_sentiment_score::numeric(4, 3) as mean_sentiment_score,
    now() as built_at
from weeks
left join visits on weeks.member_id = visits.member_id and weeks.week_start_date = visits.week_start_date
left join sessions on weeks.member_id = sessions.member_id and weeks.week_start_date = sessions.week_start_date
left join held on weeks.member_id = held.member_id and weeks.week_start_date = held.week_start_date
