with

source as (
    select * from {{ source('jarvis', 'kiosk_heartbeats') }}
),

renamed as (
    select
        -- ids
        id as heartbeat_id,
        gym_id,
        kiosk_id,

        -- text
        software_version,

        -- numerics
        network_ms,

        -- booleans
        microphone_ok as is_microphone_working,
        reader_ok as is_reader_working,

        -- timestamps
        received_at
    from source
)

select * from renamed
