{{ config(indexes=[{"columns": ["gym_id", "started_at"]}, {"columns": ["gym_id", "local_date"]}]) }}

with

sessions as (
    select * from {{ ref('stg_jarvis__sessions') }}
    where session_state = 'closed'
),

gyms as (
    select * from {{ ref('stg_jarvis__gyms') }}
),

summaries as (
    select * from {{ ref('stg_jarvis__summaries') }}
),

turn_counts as (
    select
        session_id,
        count(*) filter (where speaker = 'member') as member_turn_count,
        count(*) filter (where speaker = 'assistant') as assistant_turn_count,
        count(*) filter (where turn_status = 'interrupted') as interrupted_turn_count
    from {{ ref('stg_jarvis__turns') }}
    group by session_id
),

ledger as (
    select
        session_id,
        sum(cost_usd) as voice_cost_usd
    from {{ ref('stg_jarvis__usage') }}
    group by session_id
),

joined as (
    select
        sessions.session_id,
        sessions.gym_id,
        sessions.kiosk_id,
        sessions.member_id,
        {{ local_date('sessions.started_at', 'gyms.timezone') }} as local_date,
        sessions.started_at,
        sessions.ended_at,
        extract(epoch from sessions.ended_at - sessions.started_at)::numeric(10, 3) as duration_seconds,
        sessions.close_reason,
        sessions.badge_outcome,
        sessions.language,
        coalesce(turn_counts.member_turn_count, 0)::integer as member_turn_count,
        coalesce(turn_counts.assistant_turn_count, 0)::integer as assistant_turn_count,
        coalesce(turn_counts.interrupted_turn_count, 0)::integer as interrupted_turn_count,
        sessions.has_analysis_consent,
        summaries.analysis_status,
        summaries.analysis_tier,
        summaries.sentiment_score,
        summaries.sentiment_label,
        summaries.emotion,
        summaries.key_topics,
        summaries.intents,
        summaries.outcome,
        summaries.analysed_at,
        coalesce(ledger.voice_cost_usd, 0)::numeric(12, 6) as voice_cost_usd,
        coalesce(summaries.analysis_cost_usd, 0)::numeric(12, 6) as analysis_cost_usd,
        (coalesce(ledger.voice_cost_usd, 0) + coalesce(summaries.analysis_cost_usd, 0))::numeric(12, 6) as cost_usd,
        now() as built_at
    from sessions
    inner join gyms on sessions.gym_id = gyms.gym_id
    left join turn_counts on sessions.session_id = turn_counts.session_id
    left join summaries on sessions.session_id = summaries.session_id
    left join ledger on sessions.session_id = ledger.session_id
)

select * from joined
