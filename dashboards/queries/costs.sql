-- gyms --
-- The gyms in view with their franchise and the budget of their voice.
select
    gyms.id as gym_id,
    gyms.name as gym_name,
    franchises.name as franchise_name,
    gyms.voice_budget_usd as budget_usd,
    gyms.voice_budget_cheaper_share as cheaper_share
from public.gyms
left join public.franchises on franchises.id = gyms.franchise_id
where %(gym_id)s::uuid is null or gyms.id = %(gym_id)s::uuid
order by gyms.name, gyms.id;
