-- gyms --
-- The gyms this person sees, by name.
select
    gyms.id,
    gyms.name
from public.gyms
order by gyms.name, gyms.id;
