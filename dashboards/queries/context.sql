-- gyms --
-- The gyms this person sees, by name, each with its franchise.
select
    gyms.id,
    gyms.name,
    gyms.franchise_id,
    franchises.name as franchise_name
from public.gyms
left join public.franchises on franchises.id = gyms.franchise_id
order by gyms.name, gyms.id;
