-- create_kiosk --
-- Makes a kiosk of a gym, or finds the one of this name that is to be provisioned again.
insert into public.kiosks (gym_id, slug, name)
select gyms.id, %(slug)s, %(name)s
from public.gyms
where gyms.slug = %(gym_slug)s
on conflict on constraint kiosk_slug_is_unique_in_its_gym do update set name = excluded.name, updated_at = now()
returning id, gym_id, slug;

-- revoke_unused_codes --
-- Ends earlier codes of a kiosk's holder, so that only the newest one opens the door.
update public.kiosk_credentials
set revoked_at = now()
where kiosk_id = %(kiosk_id)s::uuid
    and kind = 'code'
    and holder = %(holder)s::text
    and used_at is null
    and revoked_at is null;

-- store_code --
-- Keeps the hash of a new provisioning code and its end.
insert into public.kiosk_credentials (gym_id, kiosk_id, kind, holder, lookup, secret_hash, expires_at)
values (
    %(gym_id)s::uuid, %(kiosk_id)s::uuid, 'code', %(holder)s::text, %(lookup)s::text, %(secret_hash)s::bytea,
    now() + make_interval(mins => %(valid_minutes)s::integer)
);

-- claim_kiosk --
-- Redeems a provisioning code once and stores the device token's hash.
select kiosk_id, gym_id, slug, name
from app.claim_kiosk(
    %(code_lookup)s::text, %(code_hash)s::bytea, %(token_hash)s::bytea, %(device_id)s::text, %(ip)s::text,
    %(hardware_info)s::jsonb
);

-- kiosk_of_token --
-- Finds the kiosk that holds a device token, and whether its gym is served.
select
    holders.kiosk_id,
    holders.gym_id,
    holders.slug,
    holders.name,
    holders.language,
    holders.voice_model,
    holders.openai_model,
    exists (select from app.served_kiosks(array[holders.kiosk_id])) as is_served
from app.kiosk_of_token(%(token_hash)s::bytea) as holders;

-- rotate_token --
-- Renews a device token; the old one ends with the first use of the new one.
select app.rotate_kiosk_token(%(old_hash)s::bytea, %(new_hash)s::bytea, %(valid_seconds)s::integer) as is_rotated;

-- standing_tokens --
-- Names those of some tokens that are not revoked.
select token_hash from app.standing_tokens(%(token_hashes)s::bytea[]) as standing (token_hash);

-- served_kiosks --
-- Names those of some kiosks whose gym is served now.
select kiosk_id from app.served_kiosks(%(kiosk_ids)s::uuid[]) as served (kiosk_id);

-- listen --
-- Hears of revocations and other news of kiosks from now on.
listen jarvis_kiosks;

-- find_kiosk --
-- Finds a kiosk by its gym's slug and its own.
select kiosks.id, kiosks.gym_id
from public.kiosks
inner join public.gyms on kiosks.gym_id = gyms.id
where gyms.slug = %(gym_slug)s::text and kiosks.slug = %(slug)s::text;

-- list_kiosk_slugs --
-- Names the kiosks of a gym.
select kiosks.slug
from public.kiosks
inner join public.gyms on kiosks.gym_id = gyms.id
where gyms.slug = %(gym_slug)s::text
order by kiosks.slug
limit 20;

-- revoke_credentials --
-- Ends every code and token of a kiosk.
update public.kiosk_credentials
set revoked_at = now()
where kiosk_id = %(kiosk_id)s::uuid and revoked_at is null
returning kind;

-- await_provisioning --
-- Shows that a kiosk waits for a new code.
update public.kiosks set status = 'provisioning', updated_at = now() where id = %(kiosk_id)s::uuid;

-- note_revocation --
-- Keeps who ended a kiosk's tokens.
insert into public.audit_log (gym_id, actor_role, action, subject_table, subject_id, details)
values (
    %(gym_id)s::uuid, session_user, 'kiosk_revoked', 'kiosks', %(kiosk_id)s::text,
    jsonb_build_object('token_count', %(token_count)s::integer)
);

-- insert_heartbeat --
-- Keeps one sign of life.
insert into public.kiosk_heartbeats (
    gym_id, kiosk_id, software_version, microphone_ok, reader_ok, network_ms, details
)
values (
    %(gym_id)s::uuid, %(kiosk_id)s::uuid, %(software_version)s::text, %(microphone_ok)s::boolean,
    %(reader_ok)s::boolean, %(network_ms)s::integer, %(details)s::jsonb
);

-- mark_alive --
-- Shows the kiosk as online now, or in error while what was last told of its parts is bad; maintenance stays.
update public.kiosks
set status = case
        when status = 'maintenance' then status
        when exists (
            select from (
                select distinct on (parts.name) parts.is_well
                from public.kiosk_heartbeats as beats
                cross join lateral (
                    values ('microphone', beats.microphone_ok), ('reader', beats.reader_ok)
                ) as parts (name, is_well)
                where beats.gym_id = kiosks.gym_id
                    and beats.kiosk_id = kiosks.id
                    and beats.received_at > now() - interval '10 minutes'
                    and parts.is_well is not null
                order by parts.name, beats.received_at desc, beats.id desc
            ) as latest
            where not latest.is_well
        ) then 'error'
        else 'online'
    end,
    last_heartbeat = now(),
    last_seen_ip = %(ip)s::text,
    software_version = coalesce(%(software_version)s::text, software_version),
    updated_at = now()
where id = %(kiosk_id)s::uuid
returning status;

-- identify_badge --
-- Says what a badge is, with what the gateway may know of its member.
select
    badge.outcome,
    members.id as member_id,
    members.first_name,
    coalesce(preferences.language, 'fr') as language,
    -- Whoever wants nothing personal is spoken to as everybody is.
    case when personal.is_granted = false then 'friendly' else coalesce(preferences.communication_style, 'friendly') end
        as communication_style,
    choice.is_granted,
    choice.notice_version,
    badge.guest_first_name,
    badge.guest_language
from app.identify_badge(%(badge_id)s::text) as badge
left join public.gym_members_v2 as members on badge.member_id = members.id
left join public.member_preferences as preferences on members.id = preferences.member_id
left join lateral (
    select consents.is_granted, consents.notice_version
    from public.consents
    where consents.member_id = members.id and consents.purpose = 'quality_analysis'
    order by consents.recorded_at desc
    limit 1
) as choice on true
left join lateral (
    select consents.is_granted
    from public.consents
    where consents.member_id = members.id and consents.purpose = 'personalisation'
    order by consents.recorded_at desc
    limit 1
) as personal on true;

-- storage_level_of_kiosk --
-- What the kiosk's own gym keeps of what is said: its notice says so.
select gyms.storage_level
from public.gyms
inner join public.kiosks on gyms.id = kiosks.gym_id
where kiosks.id = %(kiosk_id)s::uuid;

-- gym_of_kiosk --
-- Reads what the kiosk's own gym tells its members; of its closures, the days that "today" to "this day" can mean.
select
    gyms.name,
    gyms.opening_hours,
    gyms.timezone,
    gyms.status,
    array(
        select days.closed_on::date
        from public.gym_closures as closures
        cross join lateral generate_series(
            greatest(closures.starts_on, current_date - 1)::timestamp,
            least(closures.ends_on, current_date + 8)::timestamp,
            interval '1 day'
        ) as days (closed_on)
        where closures.gym_id = gyms.id
    ) as closed_days
from public.gyms
inner join public.kiosks on gyms.id = kiosks.gym_id
where kiosks.id = %(kiosk_id)s::uuid;
