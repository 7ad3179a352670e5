-- settings_of --
-- Reads what is set for some kiosks, the nearer word before the wider one, and the version of it.
select kiosk_id, settings, version from app.kiosk_settings_of(%(kiosk_ids)s::uuid[]);

-- find_franchise --
-- Finds a franchise by its name.
select id from public.franchises where lower(name) = lower(%(name)s::text);

-- list_franchises --
-- Names the franchises there are.
select name from public.franchises order by name limit 20;

-- own_settings --
-- Reads what is set for exactly one franchise, gym or kiosk.
select settings, version
from public.kiosk_settings
where franchise_id is not distinct from %(franchise_id)s::uuid
    and gym_id is not distinct from %(gym_id)s::uuid
    and kiosk_id is not distinct from %(kiosk_id)s::uuid;

-- change_settings --
-- Sets some keys of one franchise, gym or kiosk and takes others away; triggers version, audit and tell it.
insert into public.kiosk_settings as kept (franchise_id, gym_id, kiosk_id, settings)
values (%(franchise_id)s::uuid, %(gym_id)s::uuid, %(kiosk_id)s::uuid, %(settings)s::jsonb)
on conflict on constraint kiosk_settings_are_one_per_scope do update
set settings = (kept.settings || excluded.settings) - %(removed)s::text[]
returning settings, version;
