-- Scans are told apart by a hash again: the table as it was, empty.

set local role jarvis_owner;

drop function app.forget_badges(integer);
drop table public.kiosk_badges;

create table public.kiosk_badges (
    id uuid primary key default gen_random_uuid(),
    gym_id uuid not null,
    kiosk_id uuid not null,
    -- Only while it waits for the page, a few seconds: what it led to is in the visits and the sessions.
    badge_id text,
    -- SHA-256 of kiosk and badge: the same scan sent again is absorbed.
    badge_hash bytea not null,
    scanned_at timestamptz not null,
    received_at timestamptz not null default now(),
    claimed_at timestamptz,
    constraint badge_is_taken_once unique (gym_id, kiosk_id, scanned_at, badge_hash),
    constraint badge_hash_is_sha256 check (octet_length(badge_hash) = 32),
    constraint scan_belongs_to_a_kiosk_of_its_gym
        foreign key (gym_id, kiosk_id) references public.kiosks (gym_id, id) on delete cascade
);
create index kiosk_badges_that_wait on public.kiosk_badges (kiosk_id) where badge_id is not null;

create trigger badge_is_told after insert on public.kiosk_badges
    for each row when (new.badge_id is not null) execute function app.tell_of_badge();

select app.protect_tenant_table('public.kiosk_badges', array['jarvis_gateway', 'jarvis_dashboard', 'jarvis_analyst']);
create policy jarvis_gateway_inserts on public.kiosk_badges for insert to jarvis_gateway
    with check (gym_id = any ((select app.kiosk_gym_ids())::uuid[]) and kiosk_id = (select app.kiosk_id()));
create policy jarvis_gateway_updates on public.kiosk_badges for update to jarvis_gateway
    using (gym_id = any ((select app.kiosk_gym_ids())::uuid[]) and kiosk_id = (select app.kiosk_id()))
    with check (gym_id = any ((select app.kiosk_gym_ids())::uuid[]) and kiosk_id = (select app.kiosk_id()));
grant select, insert, update (badge_id, claimed_at) on public.kiosk_badges to jarvis_gateway;
grant select, insert, update, delete on public.kiosk_badges to jarvis_pipeline;

reset role;
