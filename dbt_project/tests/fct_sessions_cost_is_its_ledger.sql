-- A closed session's voice cost is the sum of its ledger, line by line, and its cost is voice plus analysis.

with

ledger as (
    select
        fct_sessions.session_id,
        sum(usage.cost_usd) as cost_usd,
        sum(usage.cost_usd) filter (
            where usage.occurred_at < {{ settled_before('fct_sessions.built_at') }}
        ) as settled_cost_usd
    from {{ ref('fct_sessions') }} as fct_sessions
    inner join {{ ref('stg_jarvis__usage') }} as usage on fct_sessions.session_id = usage.session_id
    group by fct_sessions.session_id
)

select
    fct_sessions.session_id,
    fct_sessions.voice_cost_usd,
    ledger.cost_usd as ledger_cost_usd
from {{ ref('fct_sessions') }} as fct_sessions
left join ledger on fct_sessions.session_id = ledger.session_id
where
    fct_sessions.voice_cost_usd < coalesce(ledger.settled_cost_usd, 0)
    or fct_sessions.voice_cost_usd > coalesce(ledger.cost_usd, 0)
    or fct_sessions.cost_usd <> fct_sessions.voice_cost_usd + fct_sessions.analysis_cost_usd
