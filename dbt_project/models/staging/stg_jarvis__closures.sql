with

source as (
    select * from {{ source('jarvis', 'gym_closures') }}
),

renamed as (
    select
        -- ids
        id as closure_id,
        gym_id,

        -- text
        reason as closure_reason,

        -- dates
        starts_on as start_date,
        ends_on as end_date
    from source
)

select * from renamed
