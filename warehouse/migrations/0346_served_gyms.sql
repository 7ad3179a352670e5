-- One place says which gyms are served: a suspended franchise's reports, alerts and checks went on, as each looked at the gym alone.

set local role jarvis_owner;

-- The gyms that are served now, open or in maintenance: neither they nor their franchise are suspended. A view, so that a
-- question over every gym is planned as one.
create view app.served_gyms with (security_invoker = true) as
select gyms.id as gym_id, gyms.status
from public.gyms
left join public.franchises on gyms.franchise_id = franchises.id
where gyms.status <> 'suspended' and franchises.status is distinct from 'suspended';
comment on view app.served_gyms is 'Gyms that are served now: neither they nor their franchise are suspended.';
grant select on app.served_gyms to jarvis_pipeline, jarvis_definer;

-- A manager, who reads no franchise, sees on the wall why their kiosks serve nobody.
create or replace function app.served_kiosks(kiosk_ids uuid[]) returns setof uuid
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
    select kiosks.id
    from public.kiosks
    inner join app.served_gyms on kiosks.gym_id = served_gyms.gym_id
    where kiosks.id = any (kiosk_ids);
end;

reset role;
