with

deliveries as (
    select * from {{ ref('stg_jarvis__report_deliveries') }}
),

reports as (
    select * from {{ ref('stg_jarvis__reports') }}
)

-- A report of a whole franchise is no gym's: row security could show it to nobody.
select
    deliveries.delivery_id,
    deliveries.gym_id,
    deliveries.report_id,
    deliveries.recipient_user_id,
    reports.report_type,
    {{ local_date('reports.period_start_at', 'gyms.timezone') }} as period_start_date,
    reports.report_status,
    deliveries.channel,
    deliveries.delivery_status,
    deliveries.attempt_count,
    reports.published_at,
    deliveries.attempted_at,
    case
        when deliveries.delivery_status = 'sent'
            then (extract(epoch from deliveries.attempted_at - reports.published_at) / 60)::numeric(12, 1)
    end as minutes_to_delivery,
    now() as built_at
from deliveries
inner join reports on deliveries.report_id = reports.report_id
inner join {{ ref('stg_jarvis__gyms') }} as gyms on deliveries.gym_id = gyms.gym_id
