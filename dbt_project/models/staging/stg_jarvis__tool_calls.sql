with

source as (
    select * from {{ source('jarvis', 'tool_calls') }}
),

renamed as (
    select
        -- ids
        id as tool_call_id,
        session_id,
        gym_id,

        -- text (arguments and output stay in the source table)
        name as tool_name,
        status as tool_status,

        -- timestamps
        started_at,
        finished_at
    from source
)

select * from renamed
