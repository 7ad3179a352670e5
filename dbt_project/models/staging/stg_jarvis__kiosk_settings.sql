with

source as (
    select * from {{ source('jarvis', 'kiosk_settings') }}
),

renamed as (
    select
        -- ids
        id as kiosk_settings_id,
        franchise_id,
        gym_id,
        kiosk_id,

        -- json
        settings,

        -- numerics
        version as settings_version,

        -- timestamps
        updated_at
    from source
)

select * from renamed
