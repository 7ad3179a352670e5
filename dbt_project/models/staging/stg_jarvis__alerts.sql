with

source as (
    select * from {{ source('jarvis', 'manager_alerts') }}
),

renamed as (
    select
        -- ids
        id as alert_id,
        gym_id,
        member_id,
        kiosk_id,
        session_id,

        -- text (title, description and quoted words stay in the source table)
        alert_type,
        priority,
        status as alert_status,
        outcome_code,

        -- numerics
        occurrence_count,

        -- timestamps
        resolved_at,
        last_occurred_at,
        created_at as opened_at
    from source
)

select * from renamed
