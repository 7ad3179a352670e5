with

source as (
    select * from {{ source('jarvis', 'realtime_usage') }}
),

renamed as (
    select
        -- ids
        id as usage_id,
        session_id,
        gym_id,

        -- text
        source_kind,
        model,
        price_version,

        -- numerics
        text_input_tokens,
        audio_input_tokens,
        cached_text_tokens,
        cached_audio_tokens,
        text_output_tokens,
        audio_output_tokens,
        image_input_tokens,
        cached_image_tokens,
        duration_seconds,
        cost_usd,

        -- booleans
        is_estimated,

        -- timestamps
        occurred_at
    from source
)

select * from renamed
