-- Which gyms are served is said by the kiosks' function alone.

set local role jarvis_owner;

create or replace function app.served_kiosks(kiosk_ids uuid[]) returns setof uuid
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
    select kiosks.id
    from public.kiosks
    inner join public.gyms on kiosks.gym_id = gyms.id
    left join public.franchises on gyms.franchise_id = franchises.id
    where kiosks.id = any (kiosk_ids)
        and gyms.status <> 'suspended'
        and franchises.status is distinct from 'suspended';
end;

drop view app.served_gyms;

reset role;
