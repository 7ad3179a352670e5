with

source as (
    select * from {{ source('jarvis', 'gyms') }}
),

renamed as (
    select
        -- ids
        id as gym_id,
        franchise_id,

        -- text
        slug as gym_slug,
        name as gym_name,
        city,
        status as gym_status,
        timezone,
        school_zone,
        holiday_region,

        -- numerics
        voice_budget_usd,

        -- timestamps
        created_at
    from source
)

select * from renamed
