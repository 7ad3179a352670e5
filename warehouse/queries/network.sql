-- franchises --
-- Franchises, the latest first.
select franchises.id, franchises.name, franchises.city, franchises.status, franchises.subscription_plan, franchises.created_at
from public.franchises
where (%(id)s::uuid is null or franchises.id = %(id)s::uuid)
    and (%(status)s::text is null or franchises.status = %(status)s::text)
    and (
        %(after_at)s::timestamptz is null
        or (franchises.created_at, franchises.id) < (%(after_at)s::timestamptz, %(after_id)s::uuid)
    )
order by franchises.created_at desc, franchises.id desc
limit %(asked)s::integer;

-- gyms --
-- Gyms, the latest first.
select
    gyms.id, gyms.franchise_id, gyms.slug, gyms.name, gyms.city, gyms.address, gyms.status, gyms.opening_hours,
    gyms.timezone, gyms.voice_budget_usd, gyms.voice_budget_cheaper_share, gyms.created_at
from public.gyms
where (%(id)s::uuid is null or gyms.id = %(id)s::uuid)
    and (%(franchise_id)s::uuid is null or gyms.franchise_id = %(franchise_id)s::uuid)
    and (%(status)s::text is null or gyms.status = %(status)s::text)
    and (
        %(after_at)s::timestamptz is null
        or (gyms.created_at, gyms.id) < (%(after_at)s::timestamptz, %(after_id)s::uuid)
    )
order by gyms.created_at desc, gyms.id desc
limit %(asked)s::integer;

-- users --
-- The people who sign in, the latest first.
select
    users.id, users.email, users.full_name, users.role, users.franchise_id, users.gym_id, users.is_active,
    users.mfa_enabled as has_mfa, users.created_at
from public.users
where (%(id)s::uuid is null or users.id = %(id)s::uuid)
    and (%(gym_id)s::uuid is null or users.gym_id = %(gym_id)s::uuid)
    and (%(role)s::text is null or users.role = %(role)s::text)
    and (%(is_active)s::boolean is null or users.is_active = %(is_active)s::boolean)
    and (
        %(after_at)s::timestamptz is null
        or (users.created_at, users.id) < (%(after_at)s::timestamptz, %(after_id)s::uuid)
    )
order by users.created_at desc, users.id desc
limit %(asked)s::integer;

-- kiosks --
-- Kiosks, the latest first.
select
    kiosks.id, kiosks.gym_id, gyms.slug as gym_slug, kiosks.slug, kiosks.name, kiosks.status,
    kiosks.last_heartbeat as last_heartbeat_at, kiosks.software_version, kiosks.device_id, kiosks.language,
    kiosks.location_in_gym, kiosks.created_at
from public.kiosks
inner join public.gyms on gyms.id = kiosks.gym_id
where (%(id)s::uuid is null or kiosks.id = %(id)s::uuid)
    and (%(gym_id)s::uuid is null or kiosks.gym_id = %(gym_id)s::uuid)
    and (%(status)s::text is null or kiosks.status = %(status)s::text)
    and (
        %(after_at)s::timestamptz is null
        or (kiosks.created_at, kiosks.id) < (%(after_at)s::timestamptz, %(after_id)s::uuid)
    )
order by kiosks.created_at desc, kiosks.id desc
limit %(asked)s::integer;

-- audit --
-- Who did what, the latest first.
select
    trail.id, trail.occurred_at, trail.gym_id, trail.actor_user_id, trail.actor_role, trail.action,
    trail.subject_table, trail.subject_id, trail.details
from public.audit_log as trail
where (%(gym_id)s::uuid is null or trail.gym_id = %(gym_id)s::uuid)
    and (%(actor_user_id)s::uuid is null or trail.actor_user_id = %(actor_user_id)s::uuid)
    and (%(action)s::text is null or trail.action = %(action)s::text)
    and (
        %(after_at)s::timestamptz is null
        or (trail.occurred_at, trail.id) < (%(after_at)s::timestamptz, %(after_id)s::bigint)
    )
order by trail.occurred_at desc, trail.id desc
limit %(asked)s::integer;

-- create_franchise --
-- Makes a franchise.
select app.create_franchise(%(name)s::text, %(city)s::text, %(subscription_plan)s::text) as answer;

-- change_franchise --
-- Changes what is given of a franchise.
select app.change_franchise(
    %(id)s::uuid, %(name)s::text, %(city)s::text, %(subscription_plan)s::text, %(status)s::text
) as answer;

-- create_gym --
-- Makes a gym.
select app.create_gym(
    %(franchise_id)s::uuid, %(slug)s::text, %(name)s::text, %(city)s::text, %(address)s::text, %(timezone)s::text,
    %(opening_hours)s::jsonb
) as answer;

-- change_gym --
-- Changes what is given of a gym.
select app.change_gym(
    %(id)s::uuid, %(name)s::text, %(city)s::text, %(address)s::text, %(timezone)s::text, %(opening_hours)s::jsonb,
    %(status)s::text
) as answer;

-- change_voice_budget --
-- Changes what is given of a gym's monthly voice budget.
select app.change_voice_budget(
    %(id)s::uuid, %(is_given)s::boolean, %(usd)s::numeric, %(cheaper_share)s::numeric
) as answer;

-- create_account --
-- Makes a user who can sign in, for somebody who has proven who they are lately.
select app.create_account(
    %(token_hash)s::bytea, %(proof_age)s::interval,
    %(email)s::text, %(full_name)s::text, %(role)s::text, %(franchise_id)s::uuid, %(gym_id)s::uuid,
    %(password_hash)s::text
) as answer;

-- change_account --
-- Changes what is given of a user, for somebody who has proven who they are lately.
select app.change_account(
    %(token_hash)s::bytea, %(proof_age)s::interval,
    %(id)s::uuid, %(full_name)s::text, %(is_active)s::boolean, %(password_hash)s::text
) as answer;

-- create_kiosk --
-- Makes a kiosk that waits for its code to be used.
select app.create_kiosk(%(gym_id)s::uuid, %(slug)s::text, %(name)s::text, %(location_in_gym)s::text) as answer;

-- issue_kiosk_code --
-- Makes the one code that provisions a kiosk.
select app.issue_kiosk_code(
    %(id)s::uuid, %(holder)s::text, %(lookup)s::text, %(code_hash)s::bytea, %(valid_minutes)s::integer
) as answer;

-- revoke_kiosk --
-- Makes every credential of a kiosk worthless.
select app.revoke_kiosk(%(id)s::uuid) as answer;

-- kiosk_setting_layers --
-- What is set for one kiosk by its franchise, its gym and itself, and the versions of each.
select franchise_id, of_franchise, of_gym, of_kiosk, franchise_version, gym_version, kiosk_version
from app.kiosk_setting_layers(array[%(id)s::uuid]);

-- kiosk_access --
-- Which proofs a kiosk holds, and the code that waits for it.
select kind, holder, created_at, used_at, expires_at from app.kiosk_access(%(id)s::uuid);

-- change_kiosk --
-- Changes a kiosk's name and place, if they are still as the person read them.
select app.change_kiosk(
    %(id)s::uuid, %(seen_name)s::text, %(seen_location)s::text, %(name)s::text, %(location_in_gym)s::text
) as answer;

-- pause_kiosk --
-- Takes a kiosk out of service, or back into it.
select app.pause_kiosk(%(id)s::uuid, %(is_paused)s::boolean) as answer;

-- change_kiosk_settings --
-- Sets and takes away some keys of a franchise, a gym or one kiosk, if they are still as the person read them.
select app.change_kiosk_settings(
    %(franchise_id)s::uuid, %(gym_id)s::uuid, %(kiosk_id)s::uuid, %(seen_version)s::bigint, %(settings)s::jsonb,
    %(removed)s::text[]
) as answer;
