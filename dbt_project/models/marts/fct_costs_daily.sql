{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="append_new_columns",
        pre_hook="{{ reopen_costs() }}",
    )
}}

with

sessions as (
    select
        session_id,
        gym_id,
        local_date,
        analysis_status,
        analysis_cost_usd
    from {{ ref('fct_sessions') }} as sessions
    {% if is_incremental() %}
    where not exists (
        select 1
        from {{ this }} as standing
        where standing.gym_id = sessions.gym_id and standing.local_date = sessions.local_date
    )
    {% endif %}
),

engines as (
    select
        session_id,
        engine,
        token_count
    from {{ ref('stg_jarvis__summaries') }}
    where engine is not null
),

lines as (
    select
        sessions.gym_id,
        sessions.local_date,
        priced.source_kind as cost_kind,
        priced.model,
        priced.modality,
        priced.token_count,
        priced.cached_token_count,
        priced.audio_seconds,
        priced.cost_usd,
        priced.cached_cost_usd
    from sessions
    inner join {{ ref('int_usage__priced') }} as priced on sessions.session_id = priced.session_id
    union all
    select
        sessions.gym_id,
        sessions.local_date,
        'analysis' as cost_kind,
        coalesce(engines.engine, 'unknown') as model,
        'text' as modality,
        coalesce(engines.token_count, 0) as token_count,
        0 as cached_token_count,
        0 as audio_seconds,
        sessions.analysis_cost_usd as cost_usd,
        0 as cached_cost_usd
    from sessions
    left join engines on sessions.session_id = engines.session_id
    where sessions.analysis_status = 'completed' or sessions.analysis_cost_usd > 0
)

select
    gym_id,
    local_date,
    cost_kind,
    model,
    modality,
    count(*)::integer as line_count,
    sum(token_count)::bigint as token_count,
    sum(audio_seconds)::numeric(14, 3) as audio_seconds,
    sum(cost_usd)::numeric(14, 6) as cost_usd,
    sum(cached_token_count)::bigint as cached_token_count,
    sum(cached_cost_usd)::numeric(14, 6) as cached_cost_usd,
    now() as built_at
from lines
group by gym_id, local_date, cost_kind, model, modality
