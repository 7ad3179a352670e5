-- take_badge --
-- Keeps one scan of a kiosk's agent once; only one that the page can still answer keeps its badge.
insert into public.kiosk_badges (gym_id, kiosk_id, badge_id, scanned_at)
values (
    %(gym_id)s::uuid, %(kiosk_id)s::uuid, %(badge_id)s::text, %(scanned_at)s::timestamptz
)
on conflict on constraint badge_is_taken_once do nothing
returning id;

-- forget_badges --
-- Forgets the badges of all kiosks that no page asked for in time, and scans older than a day.
select app.forget_badges(%(valid_seconds)s::integer) as forgotten;

-- claim_badges --
-- Hands the scans that wait for a kiosk's page to one caller, and forgets their badges.
with waiting as (
    select scans.id, scans.badge_id, scans.scanned_at, scans.received_at
    from public.kiosk_badges as scans
    where scans.kiosk_id = %(kiosk_id)s::uuid
        and scans.badge_id is not null
        and scans.received_at > now() - make_interval(secs => %(valid_seconds)s::integer)
    for update skip locked
),
claimed as (
    update public.kiosk_badges as scans
    set claimed_at = now(), badge_id = null
    from waiting
    where scans.id = waiting.id
    returning waiting.badge_id, waiting.scanned_at, waiting.received_at
)
select badge_id, scanned_at from claimed order by received_at;

-- count_visit --
-- Counts a badge as a visit at the moment it was shown, once.
insert into public.member_visits (gym_id, member_id, kiosk_id, visited_at, source)
values (%(gym_id)s::uuid, %(member_id)s::uuid, %(kiosk_id)s::uuid, %(scanned_at)s::timestamptz, 'badge')
on conflict on constraint visit_is_recorded_once do nothing;

-- touch_last_visit --
-- Moves a member's last visit forward, never back.
update public.gym_members_v2
set last_visit = greatest(last_visit, %(scanned_at)s::timestamptz)
where id = %(member_id)s::uuid;
