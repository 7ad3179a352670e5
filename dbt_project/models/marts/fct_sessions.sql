{{
    config(
        materialized="incremental",
        incremental_strategy="delete+insert",
        unique_key="session_id",
        on_schema_change="append_new_columns",
        post_hook="{{ forget_gone('stg_jarvis__sessions', 'session_id') }}",
        indexes=[{"columns": ["gym_id", "started_at"]}, {"columns": ["gym_id", "local_date"]}],
    )
}}

-- What a session's own row and its analysis say is compared with what stands here, however old: corrections, second
-- analyses and erasures are in at once. Turns and bills that come late are, within `lookback_days` of the newest session.

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

-- The sessions to make (anew): all of them, or those that differ from what stands here.
touched as (
    select sessions.session_id
    from sessions
    {% if is_incremental() %}
    left join summaries on sessions.session_id = summaries.session_id
    left join {{ this }} as standing on sessions.session_id = standing.session_id
    where
        sessions.started_at >= (
            select max(newest.started_at) - interval '{{ var("lookback_days") }} days' from {{ this }} as newest
        )
        -- Every local day lies within two days of UTC.
        or {{ in_backfill('sessions.started_at::date') }}
        or {{ in_backfill('sessions.started_at::date + 1') }}
        or {{ in_backfill('sessions.started_at::date - 1') }}
        or standing.session_id is null
        or (
            standing.member_id, standing.ended_at, standing.close_reason, standing.has_analysis_consent,
            standing.analysis_status, standing.analysis_tier, standing.sentiment_score, standing.sentiment_label,
            standing.emotion, standing.key_topics, standing.intents, standing.outcome, standing.analysed_at,
            standing.analysis_cost_usd
        ) is distinct from (
            sessions.member_id, sessions.ended_at, sessions.close_reason, sessions.has_analysis_consent,
            summaries.analysis_status, summaries.analysis_tier, summaries.sentiment_score, summaries.sentiment_label,
            summaries.emotion, summaries.key_topics, summaries.intents, summaries.outcome, summaries.analysed_at,
            coalesce(summaries.analysis_cost_usd, 0)
        )
    {% endif %}
),

turn_counts as (
    select
        session_id,
        count(*) filter (where speaker = 'member') as member_turn_count,
        count(*) filter (where speaker = 'assistant') as assistant_turn_count,
        count(*) filter (where turn_status = 'interrupted') as interrupted_turn_count
    from {{ ref('stg_jarvis__turns') }}
    where session_id in (select touched.session_id from touched)
    group by session_id
),

ledger as (
    select
        session_id,
        sum(cost_usd) as voice_cost_usd
    from {{ ref('stg_jarvis__usage') }}
    where session_id in (select touched.session_id from touched)
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
        summaries.sentiment_shift,
        summaries.satisfaction,
        coalesce(summaries.unfounded_claim_count, 0)::integer as unfounded_claim_count,
        summaries.analysed_at,
        coalesce(ledger.voice_cost_usd, 0)::numeric(12, 6) as voice_cost_usd,
        coalesce(summaries.analysis_cost_usd, 0)::numeric(12, 6) as analysis_cost_usd,
        (coalesce(ledger.voice_cost_usd, 0) + coalesce(summaries.analysis_cost_usd, 0))::numeric(12, 6) as cost_usd,
        now() as built_at
    from sessions
    inner join touched on sessions.session_id = touched.session_id
    inner join gyms on sessions.gym_id = gyms.gym_id
    left join turn_counts on sessions.session_id = turn_counts.session_id
    left join summaries on sessions.session_id = summaries.session_id
    left join ledger on sessions.session_id = ledger.session_id
)

select * from joined
