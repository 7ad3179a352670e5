with

source as (
    select * from {{ source('jarvis', 'label_corrections') }}
),

renamed as (
    select
        -- ids
        id as correction_id,
        gym_id,
        session_id,
        turn_id,

        -- text
        field as label_field,
        engine,
        engine_version,
        engine_value,
        corrected_value,

        -- booleans
        is_agreed,

        -- timestamps
        corrected_at
    from source
)

select * from renamed
