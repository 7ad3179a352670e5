{{ config(indexes=[{"columns": ["gym_id", "churn_risk_level"]}]) }}

with

members as (
    select * from {{ ref('stg_jarvis__members') }}
),

-- The membership that ends last is the one that says whether the member is still ours.
latest_memberships as (
    select distinct on (member_id)
        member_id,
        membership_plan,
        membership_status,
        expires_date,
        monthly_price_eur
    from {{ ref('stg_jarvis__memberships') }}
    order by member_id asc, expires_date desc, started_date desc, membership_id asc
),

analytics as (
    select * from {{ ref('stg_jarvis__member_analytics') }}
),

-- The newest answer to each purpose counts.
answers as (
    select distinct on (member_id, consent_purpose)
        member_id,
        consent_purpose,
        is_granted
    from {{ ref('stg_jarvis__consents') }}
    order by member_id asc, consent_purpose asc, recorded_at desc, consent_id asc
),

agreed as (
    select
        member_id,
        array_agg(consent_purpose order by consent_purpose) filter (where is_granted) as granted_purposes
    from answers
    group by member_id
),

described as (
    select
        members.member_id,
        members.gym_id,
        members.is_active,
        members.membership_type,
        members.member_since_date,
        date_trunc('month', members.member_since_date)::date as cohort_month_date,
        members.last_visit_at,
        latest_memberships.membership_plan,
        latest_memberships.membership_status,
        latest_memberships.expires_date as membership_expires_date,
        latest_memberships.monthly_price_eur,
        coalesce(analytics.conversation_count, 0) as conversation_count,
        analytics.last_conversation_at,
        analytics.mean_sentiment_score,
        analytics.engagement_score,
        coalesce(analytics.is_new, false) as is_new,
        analytics.conversation_frequency,
        analytics.sentiment_trend,
        analytics.visit_trend,
        analytics.usual_visits_per_week,
        analytics.visit_frequency_per_week,
        analytics.days_since_last_visit,
        analytics.counted_days_since_last_visit,
        analytics.expected_gap_days,
        analytics.mute_reason,
        analytics.muted_until_date,
        analytics.observed_date,
        analytics.churn_risk_score,
        analytics.churn_risk_level,
        coalesce(analytics.is_at_risk, false) as is_at_risk,
        coalesce(agreed.granted_purposes, '{}') as granted_purposes,
        analytics.updated_at as analytics_updated_at,
        now() as built_at
    from members
    left join latest_memberships on members.member_id = latest_memberships.member_id
    left join analytics on members.member_id = analytics.member_id
    left join agreed on members.member_id = agreed.member_id
)

select * from described
