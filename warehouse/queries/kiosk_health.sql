-- Kiosk health: who was heard last, and what the watch over them remembers.

-- last_look --
-- What the watch remembers, locked: two looks at once would both raise.
select looked_at, is_network_silent, heard_since from app.kiosk_watch for update;

-- remember_look --
-- Keeps what this look saw.
insert into app.kiosk_watch (looked_at, is_network_silent, heard_since)
values (%(looked_at)s::timestamptz, %(is_network_silent)s::boolean, %(heard_since)s::timestamptz)
on conflict (id) do update
set looked_at = excluded.looked_at,
    is_network_silent = excluded.is_network_silent,
    heard_since = excluded.heard_since;

-- kiosks_in_service --
-- Every kiosk that should be heard, with its gym's hours; those never heard yet are still being set up.
select
    kiosks.id as kiosk_id,
    kiosks.gym_id,
    kiosks.name,
    kiosks.status,
    kiosks.last_heartbeat,
    gyms.opening_hours,
    gyms.timezone,
    coalesce(gyms.kiosk_silence_minutes, franchises.kiosk_silence_minutes) as kiosk_silence_minutes,
    coalesce((
        select array_agg(days.day::date)
        from public.gym_closures as closures
        cross join lateral generate_series(
            greatest(closures.starts_on, %(now)s::timestamptz::date - 9),
            least(closures.ends_on, %(now)s::timestamptz::date + 1),
            interval '1 day'
        ) as days (day)
        where closures.gym_id = gyms.id
    ), '{}') as closures
from public.kiosks
inner join public.gyms on kiosks.gym_id = gyms.id
inner join app.served_gyms as served on gyms.id = served.gym_id and served.status = 'active'
left join public.franchises on gyms.franchise_id = franchises.id
where kiosks.status in ('online', 'error', 'offline')
    and kiosks.last_heartbeat is not null;

-- open_kiosk_alerts --
-- The kiosk alerts that are open.
select gym_id, dedup_key
from public.manager_alerts
where alert_type = 'kiosk_offline' and status in ('pending', 'in_progress');

-- mark_offline --
-- Shows kiosks as offline, unless they were heard meanwhile.
update public.kiosks
set status = 'offline', updated_at = %(now)s::timestamptz
where id = any (%(kiosk_ids)s::uuid[])
    and status in ('online', 'error')
    and last_heartbeat <= %(now)s::timestamptz - %(offline_after)s::interval
returning id;
