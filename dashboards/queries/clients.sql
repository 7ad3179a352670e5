-- The network as whoever runs it sees it: franchises and gyms, how they stand and whether anybody uses them.

-- gyms --
-- Gyms with their members, kiosks and last conversation, by franchise and name; an id that is given finds that one.
select
    gyms.id, gyms.slug, gyms.name, gyms.city, gyms.address, gyms.status, gyms.timezone, gyms.created_at,
    gyms.franchise_id, franchises.name as franchise_name,
    coalesce(franchises.status = 'suspended', false) as is_franchise_suspended,
    (
        select count(*) from public.gym_members_v2 as members
        where members.gym_id = gyms.id and members.is_active
    ) as member_count,
    machines.kiosk_count, machines.online_count,
    (
        select max(sessions.started_at) from public.openai_realtime_sessions as sessions
        where sessions.gym_id = gyms.id
    ) as last_activity_at
from public.gyms
left join public.franchises on franchises.id = gyms.franchise_id
cross join lateral (
    select
        count(*) as kiosk_count,
        count(*) filter (
            where kiosks.status = 'online' and kiosks.last_heartbeat > now() - %(offline_after)s::interval
        ) as online_count
    from public.kiosks
    where kiosks.gym_id = gyms.id
) as machines
where (%(id)s::uuid is null or gyms.id = %(id)s::uuid)
    and (%(franchise_id)s::uuid is null or gyms.franchise_id = %(franchise_id)s::uuid)
order by franchises.name nulls last, gyms.name, gyms.id;

-- franchises --
-- Franchises with how many gyms and people they have, by name; an id that is given finds that one.
select
    franchises.id, franchises.name, franchises.city, franchises.status, franchises.subscription_plan,
    franchises.created_at,
    (select count(*) from public.gyms where gyms.franchise_id = franchises.id) as gym_count,
    (
        select count(*) from public.gyms
        inner join public.gym_members_v2 as members on members.gym_id = gyms.id and members.is_active
        where gyms.franchise_id = franchises.id
    ) as member_count
from public.franchises
where %(id)s::uuid is null or franchises.id = %(id)s::uuid
order by franchises.name, franchises.id;
