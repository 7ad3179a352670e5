-- A badge of another gym of the franchise is greeted by first name and in its language, and by nothing else of it.

set local role jarvis_owner;

drop function app.identify_badge(text);

-- What a badge is, seen from the kiosk of this transaction. Of a member of another gym only the franchise's own kiosks
-- learn anything, and no more than a person at the desk would ask: the first name and the language, no id. Two gyms may
-- have given the same badge to two people: then nobody is named. Who left the other gym is nobody's guest.
create function app.identify_badge(scanned_badge text)
returns table (outcome text, member_id uuid, guest_first_name text, guest_language text)
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
        select
            count(*) as holder_count,
            min(members.first_name) as first_name,
            min(coalesce(preferences.language, 'fr')) as language
        from public.gym_members_v2 as members
        inner join public.gyms on members.gym_id = gyms.id
        inner join kiosk on gyms.franchise_id = kiosk.franchise_id
        left join public.member_preferences as preferences on members.id = preferences.member_id
        where members.badge_id = scanned_badge and members.gym_id <> kiosk.gym_id and members.is_active
    )
    select own.outcome, own.member_id, null::text, null::text from own
    union all
    select
        case when elsewhere.holder_count > 0 then 'other_gym' else 'unknown' end,
        null::uuid,
        case when elsewhere.holder_count = 1 then elsewhere.first_name end,
        case when elsewhere.holder_count = 1 then elsewhere.language end
    from elsewhere
    where not exists (select from own);
end;

alter function app.identify_badge(text) owner to jarvis_definer;
grant select on public.member_preferences to jarvis_definer;
revoke execute on function app.identify_badge(text) from public;
grant execute on function app.identify_badge(text) to jarvis_gateway;

reset role;
