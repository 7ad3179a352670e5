with

source as (
    select * from {{ source('jarvis', 'gym_members_v2') }}
),

renamed as (
    select
        -- ids (badge, name, e-mail, phone and birth date stay in the source table)
        id as member_id,
        gym_id,

        -- text
        membership_type,

        -- booleans
        is_active,

        -- dates and timestamps
        member_since as member_since_date,
        last_visit as last_visit_at,
        created_at
    from source
)

select * from renamed
