-- costs --
-- What each gym in view has cost since a day, and when that was computed.
select costs.gym_id, sum(costs.cost_usd)::double precision as cost_usd, min(costs.built_at) as built_at
from marts.fct_costs_daily as costs
where costs.local_date >= %(since)s::date
group by costs.gym_id;
