with

source as (
    select * from {{ source('jarvis', 'franchises') }}
),

renamed as (
    select
        -- ids
        id as franchise_id,

        -- text
        name as franchise_name,
        city,
        status as franchise_status,
        subscription_plan,

        -- timestamps
        created_at
    from source
)

select * from renamed
