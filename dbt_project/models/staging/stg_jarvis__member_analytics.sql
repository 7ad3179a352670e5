with

source as (
    select * from {{ source('jarvis', 'member_analytics') }}
),

renamed as (
    select
        -- ids
        member_id,
        gym_id,

        -- text
        conversation_frequency,
        sentiment_trend,
        visit_trend,
        mute_reason,
        churn_risk_level,

        -- numerics
        total_conversations as conversation_count,
        avg_sentiment_score as mean_sentiment_score,
        churn_risk_score,
        engagement_score,
        days_since_last_visit,
        counted_days_since_last_visit,
        visit_frequency_per_week,
        usual_visits_per_week,
        expected_gap_days,

        -- booleans
        is_new,
        is_at_risk,

        -- dates
        observed_on as observed_date,
        muted_until as muted_until_date,

        -- timestamps
        last_conversation_at,
        last_churn_analysis_at,
        updated_at
    from source
)

select * from renamed
