{% snapshot snp_kiosks %}

{{
    config(
        unique_key="kiosk_id",
        check_cols=["kiosk_name", "location_in_gym", "software_version", "kiosk_language", "voice_model", "voice", "settings_version"],
        post_hook="{{ forget_gone('stg_jarvis__kiosks', 'kiosk_id') }}",
    )
}}

-- How a kiosk is set up, not how it is today: whether it answers is in fct_kiosk_daily.
select
    kiosks.kiosk_id,
    kiosks.gym_id,
    kiosks.kiosk_name,
    kiosks.location_in_gym,
    kiosks.software_version,
    kiosks.kiosk_language,
    kiosks.voice_model,
    kiosks.voice,
    (
        -- Of a franchise, a gym and a kiosk, the version that changed last says that something did.
        select max(settings.settings_version)
        from {{ ref('stg_jarvis__kiosk_settings') }} as settings
        where settings.kiosk_id = kiosks.kiosk_id
            or (settings.kiosk_id is null and settings.gym_id = kiosks.gym_id)
            or settings.franchise_id = gyms.franchise_id
    ) as settings_version
from {{ ref('stg_jarvis__kiosks') }} as kiosks
inner join {{ ref('stg_jarvis__gyms') }} as gyms on kiosks.gym_id = gyms.gym_id

{% endsnapshot %}
