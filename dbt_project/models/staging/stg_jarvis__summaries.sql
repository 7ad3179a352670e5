with

source as (
    select * from {{ source('jarvis', 'conversation_summaries') }}
),

renamed as (
    select
        -- ids
        id as summary_id,
        session_id,
        gym_id,
        member_id,
        kiosk_id,

        -- text (the summary itself stays in the source table)
        status as analysis_status,
        key_topics,
        sentiment_label,
        emotion_detected as emotion,
        intents_detected as intents,
        outcome,
        tier as analysis_tier,
        enrichment_state,
        engine,
        engine_version,
        prompt_version,

        -- numerics
        attempts as attempt_count,
        sentiment_score,
        sentiment_shift,
        satisfaction,
        unfounded_claim_count,
        tokens as token_count,
        cost_usd as analysis_cost_usd,

        -- timestamps
        queued_at,
        analysed_at,
        enriched_at
    from source
)

select * from renamed
