with

source as (
    select * from {{ source('jarvis', 'member_absences') }}
),

renamed as (
    select
        -- ids
        id as absence_id,
        gym_id,
        member_id,

        -- text (the reason may be an injury and stays in the source table)
        source as absence_source,

        -- dates and timestamps
        starts_on as start_date,
        ends_on as end_date,
        created_at
    from source
)

select * from renamed
