with

source as (
    select * from {{ source('jarvis', 'openai_realtime_sessions') }}
),

renamed as (
    select
        -- ids
        id as session_id,
        gym_id,
        kiosk_id,
        member_id,

        -- text
        state as session_state,
        badge_outcome,
        close_reason,
        language,
        model,
        price_version,

        -- booleans
        has_analysis_consent,

        -- timestamps
        started_at,
        ended_at
    from source
)

select * from renamed
