{{ config(indexes=[{"columns": ["gym_id", "local_date"]}]) }}

with

alerts as (
    select * from {{ ref('stg_jarvis__alerts') }}
),

-- The first hand that took it counts, also when it was put back later.
history as (
    select
        gym_id,
        subject_id,
        min(occurred_at) filter (where audit_action <> 'alert_edited') as first_moved_at,
        count(*) filter (where audit_action = 'alert_in_progress') as taken_count,
        count(*) filter (where audit_action = 'alert_pending') as released_count
    from {{ ref('stg_jarvis__audit_log') }}
    where subject_table = 'manager_alerts'
    group by gym_id, subject_id
)

select
    alerts.alert_id,
    alerts.gym_id,
    alerts.member_id,
    alerts.kiosk_id,
    alerts.session_id,
    {{ local_date('alerts.opened_at', 'gyms.timezone') }} as local_date,
    alerts.alert_type,
    alerts.priority,
    alerts.alert_status,
    alerts.outcome_code,
    alerts.alert_status in ('pending', 'in_progress') as is_open,
    alerts.occurrence_count,
    coalesce(history.taken_count, 0)::integer as taken_count,
    coalesce(history.released_count, 0)::integer as released_count,
    alerts.opened_at,
    alerts.last_occurred_at,
    least(history.first_moved_at, alerts.resolved_at) as first_moved_at,
    alerts.resolved_at,
    (extract(epoch from least(history.first_moved_at, alerts.resolved_at) - alerts.opened_at) / 60)::numeric(12, 1)
        as minutes_to_first_move,
    (extract(epoch from alerts.resolved_at - alerts.opened_at) / 60)::numeric(12, 1) as minutes_to_resolve,
    now() as built_at
from alerts
inner join {{ ref('stg_jarvis__gyms') }} as gyms on alerts.gym_id = gyms.gym_id
left join history on alerts.gym_id = history.gym_id and alerts.alert_id::text = history.subject_id
