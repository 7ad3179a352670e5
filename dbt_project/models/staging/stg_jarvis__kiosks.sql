with

source as (
    select * from {{ source('jarvis', 'kiosks') }}
),

renamed as (
    select
        -- ids
        id as kiosk_id,
        gym_id,

        -- text
        slug as kiosk_slug,
        name as kiosk_name,
        status as kiosk_status,
        software_version,
        location_in_gym,
        language as kiosk_language,
        openai_model as voice_model,
        voice_model as voice,

        -- timestamps
        last_heartbeat as last_heartbeat_at,
        created_at
    from source
)

select * from renamed
