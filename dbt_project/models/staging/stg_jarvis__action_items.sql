with

source as (
    select * from {{ source('jarvis', 'action_items') }}
),

renamed as (
    select
        -- ids
        id as action_item_id,
        gym_id,
        session_id,

        -- text (what is to be done stays in the source table)
        owner as action_owner,
        state as action_state,

        -- numerics
        position as action_position,

        -- dates and timestamps
        due_date,
        created_at,
        closed_at
    from source
)

select * from renamed
