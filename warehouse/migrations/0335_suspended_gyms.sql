-- A suspended gym, or one of a suspended franchise, is not served: its kiosks are refused, and their gateways hear of it.

set local role jarvis_owner;

-- Which of some kiosks belong to a gym that is served now. Maintenance is no suspension: its technicians talk to them.
-- A manager, who reads no franchise, sees on the wall why their kiosks serve nobody.
create function app.served_kiosks(kiosk_ids uuid[]) returns setof uuid
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

-- Whoever made the change; ids only, as any role may listen. A franchise's news names no gym: everybody looks.
create function app.tell_of_service() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    perform pg_notify('jarvis_kiosks', json_strip_nulls(json_build_object(
        'kind', 'service', 'gym_id', case when tg_table_name = 'gyms' then new.id end
    ))::text);
    return null;
end
$$;
create trigger service_is_told after update of status on public.gyms
    for each row when (old.status is distinct from new.status)
    execute function app.tell_of_service();
create trigger service_is_told after update of status on public.franchises
    for each row when (old.status is distinct from new.status)
    execute function app.tell_of_service();

alter function app.served_kiosks(uuid[]) owner to jarvis_definer;
alter function app.tell_of_service() owner to jarvis_definer;
revoke execute on function app.served_kiosks(uuid[]), app.tell_of_service() from public;
grant execute on function app.served_kiosks(uuid[]) to jarvis_gateway, jarvis_dashboard;

reset role;
