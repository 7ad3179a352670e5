-- A badge that no page asked for is forgotten within seconds by any gateway, and a scan leaves nothing to find it by.

set local role jarvis_owner;

-- Scans only matter for seconds; what they led to is in the visits and the sessions.
truncate public.kiosk_badges;

-- A card's few bytes can be searched for behind any hash that is kept with its kiosk. One reader reads one card at a
-- time: kiosk and moment tell one scan from another.
alter table public.kiosk_badges
    drop constraint badge_is_taken_once,
    drop constraint badge_hash_is_sha256,
    drop column badge_hash,
    add constraint badge_is_taken_once unique (gym_id, kiosk_id, scanned_at);
create index kiosk_badges_by_receipt on public.kiosk_badges (received_at);

-- For the kiosks of all gateways: the one that took a badge may be dead, and the kiosk's page switched off.
create function app.forget_badges(valid_seconds integer) returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    forgotten integer;
begin
    update public.kiosk_badges as scans
    set badge_id = null
    where scans.badge_id is not null and scans.received_at < now() - make_interval(secs => valid_seconds);
    get diagnostics forgotten = row_count;
    delete from public.kiosk_badges as scans where scans.received_at < now() - interval '1 day';
    return forgotten;
end
$$;

alter function app.forget_badges(integer) owner to jarvis_definer;
grant select, update (badge_id), delete on public.kiosk_badges to jarvis_definer;
revoke execute on function app.forget_badges(integer) from public;
grant execute on function app.forget_badges(integer) to jarvis_gateway;

reset role;
