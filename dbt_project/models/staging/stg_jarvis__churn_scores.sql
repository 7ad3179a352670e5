with

source as (
    select * from {{ source('jarvis', 'churn_scores') }}
),

renamed as (
    select
        -- ids
        id as churn_score_id,
        gym_id,
        member_id,
        model_version_id,

        -- text
        level as risk_level,
        rules_version,
        held_back_reason,

        -- numerics
        score as risk_score,
        rules_score,

        -- dates and timestamps
        as_of_date,
        scored_at
    from source
)

select * from renamed
