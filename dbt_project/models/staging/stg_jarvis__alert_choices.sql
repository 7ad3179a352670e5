with

source as (
    select * from {{ source('jarvis', 'alert_choices') }}
),

renamed as (
    select
        -- ids
        id as choice_id,
        gym_id,
        member_id,
        alert_id,

        -- text
        period as choice_period,
        decision as choice_decision,
        level as churn_risk_level,

        -- numerics
        score as churn_risk_score,
        expected_value_eur,

        -- dates
        week_starts_on as week_start_date,

        -- timestamps
        decided_at
    from source
)

select * from renamed
