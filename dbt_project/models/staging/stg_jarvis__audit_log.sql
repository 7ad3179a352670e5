with

source as (
    select * from {{ source('jarvis', 'audit_log') }}
),

renamed as (
    select
        -- ids
        id as audit_id,
        gym_id,
        subject_id,

        -- text
        action as audit_action,
        subject_table,
        actor_role,

        -- timestamps
        occurred_at
    from source
)

select * from renamed
