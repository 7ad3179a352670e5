-- The days of a gym add up to what happened there: no session, visit or alert is lost or counted twice.

with

built as (
    select coalesce(min(built_at), now()) as built_at from {{ ref('fct_gym_daily') }}
),

days as (
    select
        gym_id,
        sum(session_count) as session_count,
        sum(visit_count) as visit_count,
        sum(alert_opened_count) as alert_opened_count,
        sum(cost_usd) as cost_usd
    from {{ ref('fct_gym_daily') }}
    group by gym_id
),

-- The same build made both tables, one from the other: these agree to the cent.
sessions as (
    select
        gym_id,
        count(*) as session_count,
        sum(cost_usd) as cost_usd
    from {{ ref('fct_sessions') }}
    group by gym_id
),

visits as (
    select
        visits.gym_id,
        count(*) as visit_count,
        count(*) filter (where visits.visited_at < {{ settled_before('built.built_at') }}) as settled_visit_count
    from {{ ref('stg_jarvis__visits') }} as visits
    cross join built
    group by visits.gym_id
),

alerts as (
    select
        alerts.gym_id,
        count(*) as alert_opened_count,
        count(*) filter (where alerts.opened_at < {{ settled_before('built.built_at') }}) as settled_alert_opened_count
    from {{ ref('stg_jarvis__alerts') }} as alerts
    cross join built
    group by alerts.gym_id
)

select gyms.gym_id
from {{ ref('dim_gyms') }} as gyms
left join days on gyms.gym_id = days.gym_id
left join sessions on gyms.gym_id = sessions.gym_id
left join visits on gyms.gym_id = visits.gym_id
left join alerts on gyms.gym_id = alerts.gym_id
where
    coalesce(days.session_count, 0) <> coalesce(sessions.session_count, 0)
    or coalesce(days.cost_usd, 0) <> coalesce(sessions.cost_usd, 0)
    or coalesce(days.visit_count, 0) < coalesce(visits.settled_visit_count, 0)
    or coalesce(days.visit_count, 0) > coalesce(visits.visit_count, 0)
    or coalesce(days.alert_opened_count, 0) < coalesce(alerts.settled_alert_opened_count, 0)
    or coalesce(days.alert_opened_count, 0) > coalesce(alerts.alert_opened_count, 0)
