-- Guests of the network are nameless again.

set local role jarvis_owner;

drop function app.identify_badge(text);
revoke select on public.member_preferences from jarvis_definer;

create function app.identify_badge(scanned_badge text) returns table (outcome text, member_id uuid)
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
    with kiosk as (
        select kiosks.gym_id, gyms.franchise_id
        from public.kiosks
        inner join public.gyms on kiosks.gym_id = gyms.id
        where kiosks.id = nullif(current_setting('app.kiosk_id', true), '')::uuid
    ),
    own as (
        select case when members.is_active then 'known' else 'inactive' end as outcome, members.id as member_id
        from public.gym_members_v2 as members
        inner join kiosk on members.gym_id = kiosk.gym_id
        where members.badge_id = scanned_badge
    ),
    elsewhere as (
        select 'other_gym'::text as outcome, null::uuid as member_id
        from public.gym_members_v2 as members
        inner join public.gyms on members.gym_id = gyms.id
        inner join kiosk on gyms.franchise_id = kiosk.franchise_id
        where members.badge_id = scanned_badge and members.gym_id <> kiosk.gym_id
        limit 1
    )
    select own.outcome, own.member_id from own
    union all
    select elsewhere.outcome, elsewhere.member_id from elsewhere where not exists (select from own)
    union all
    select 'unknown'::text, null::uuid
    where not exists (select from own) and not exists (select from elsewhere);
end;

alter function app.identify_badge(text) owner to jarvis_definer;
revoke execute on function app.identify_badge(text) from public;
grant execute on function app.identify_badge(text) to jarvis_gateway;

reset role;
