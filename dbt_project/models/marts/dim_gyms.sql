{{ config(indexes=[{"columns": ["gym_id"]}]) }}

with

gyms as (
    select * from {{ ref('stg_jarvis__gyms') }}
),

franchises as (
    select * from {{ ref('stg_jarvis__franchises') }}
),

kiosk_counts as (
    select
        gym_id,
        count(*) as kiosk_count
    from {{ ref('stg_jarvis__kiosks') }}
    group by gym_id
),

member_counts as (
    select
        gym_id,
        count(*) as active_member_count
    from {{ ref('dim_members') }}
    where is_active
    group by gym_id
),

described as (
    select
        gyms.gym_id,
        gyms.gym_slug,
        gyms.gym_name,
        gyms.city,
        gyms.gym_status,
        gyms.timezone,
        gyms.franchise_id,
        franchises.franchise_name,
        coalesce(kiosk_counts.kiosk_count, 0)::integer as kiosk_count,
        coalesce(member_counts.active_member_count, 0)::integer as active_member_count,
        gyms.voice_budget_usd,
        gyms.created_at,
        now() as built_at
    from gyms
    left join franchises on gyms.franchise_id = franchises.franchise_id
    left join kiosk_counts on gyms.gym_id = kiosk_counts.gym_id
    left join member_counts on gyms.gym_id = member_counts.gym_id
)

select * from described
