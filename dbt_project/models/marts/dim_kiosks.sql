with

kiosks as (
    select * from {{ ref('stg_jarvis__kiosks') }}
)

select
    kiosk_id,
    gym_id,
    kiosk_slug,
    kiosk_name,
    kiosk_status,
    location_in_gym,
    software_version,
    kiosk_language,
    last_heartbeat_at,
    created_at,
    now() as built_at
from kiosks
