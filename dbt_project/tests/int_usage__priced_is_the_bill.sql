-- What our price list gives for a line is what the gateway billed, give or take the rounding of its parts.
select
    usage.usage_id,
    usage.cost_usd,
    sum(priced.exact_usd) as exact_usd
from {{ ref('stg_jarvis__usage') }} as usage
inner join {{ ref('int_usage__priced') }} as priced on usage.usage_id = priced.usage_id
group by usage.usage_id, usage.cost_usd
having sum(priced.cost_usd) <> usage.cost_usd
    or (sum(priced.exact_usd) > 0 and abs(sum(priced.exact_usd) - usage.cost_usd) > 0.000001)
