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
        churn_risk_level,

        -- numerics
        total_conversations as conversation_count,
        avg_sentiment_score as mean_sentiment_score,
        churn_risk_score,
        engagement_score,
        days_since_last_visit,
        visit_frequency_per_week,

        -- timestamps
        last_conversation_at,
        last_churn_analysis_at,
        updated_at
    from source
)

select * from renamed
