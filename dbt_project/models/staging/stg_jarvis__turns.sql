with

source as (
    select * from {{ source('jarvis', 'session_turns') }}
),

renamed as (
    select
        -- ids
        id as turn_id,
        session_id,
        gym_id,

        -- text (what was said stays in the source table)
        role as speaker,
        status as turn_status,
        sentiment_label,
        emotion,
        intents,

        -- numerics
        position as turn_position,
        heard_ms,
        total_ms,
        sentiment_score,

        -- timestamps
        started_at,
        ended_at
    from source
)

select * from renamed
