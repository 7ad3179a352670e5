with

source as (
    select * from {{ source('jarvis', 'consents') }}
),

renamed as (
    select
        -- ids
        id as consent_id,
        gym_id,
        member_id,

        -- text
        purpose as consent_purpose,
        notice_version,
        source as consent_source,

        -- booleans
        is_granted,

        -- timestamps
        recorded_at
    from source
)

select * from renamed
