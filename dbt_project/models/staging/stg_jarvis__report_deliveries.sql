with

source as (
    select * from {{ source('jarvis', 'report_deliveries') }}
),

renamed as (
    select
        -- ids
        id as delivery_id,
        gym_id,
        report_id,
        recipient_user_id,

        -- text
        channel,
        status as delivery_status,

        -- numerics
        attempts as attempt_count,

        -- timestamps
        attempted_at,
        due_at
    from source
)

select * from renamed
