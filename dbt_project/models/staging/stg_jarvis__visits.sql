with

source as (
    select * from {{ source('jarvis', 'member_visits') }}
),

renamed as (
    select
        -- ids
        id as visit_id,
        gym_id,
        member_id,
        kiosk_id,

        -- text
        source as visit_source,

        -- timestamps
        visited_at
    from source
)

select * from renamed
