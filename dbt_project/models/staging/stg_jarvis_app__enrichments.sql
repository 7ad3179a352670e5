with

source as (
    select * from {{ source('jarvis_app', 'enrichments') }}
),

renamed as (
    select
        -- ids
        session_id,
        gym_id,

        -- numerics
        attempts as attempt_count,

        -- timestamps
        queued_at,
        retry_at
    from source
)

select * from renamed
