with

source as (
    select * from {{ source('jarvis', 'memberships') }}
),

renamed as (
    select
        -- ids
        id as membership_id,
        gym_id,
        member_id,

        -- text
        plan as membership_plan,
        status as membership_status,

        -- numerics
        monthly_price_eur,

        -- dates and timestamps
        started_on as started_date,
        expires_on as expires_date,
        cancelled_on as cancelled_date,
        created_at
    from source
)

select * from renamed
