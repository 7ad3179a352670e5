{{
    config(
        materialized="incremental",
        incremental_strategy="append",
        on_schema_change="append_new_columns",
        pre_hook="{{ reopen_window() }}",
        full_refresh=false,
    )
}}

-- Heartbeats are kept for 30 days, these days for good: a full refresh would lose them, so it leaves this table alone.

with

beats as (
    select
        beats.gym_id,
        beats.kiosk_id,
        gyms.timezone,
        beats.received_at,
        {{ local_date('beats.received_at', 'gyms.timezone') }} as local_date,
        floor(extract(epoch from beats.received_at) / 300) as slot,
        beats.is_microphone_working,
        beats.is_reader_working,
        beats.network_ms
    from {{ ref('stg_jarvis__heartbeats') }} as beats
    inner join {{ ref('stg_jarvis__gyms') }} as gyms on beats.gym_id = gyms.gym_id
),

kiosks as (
    select
        kiosks.gym_id,
        kiosks.kiosk_id,
        gyms.timezone,
        min(beats.received_at) as first_heard_at,
        -- One that is put away or being set up is not missed after its last sign of life.
        case
            when kiosks.kiosk_status in ('online', 'offline', 'error') then now()
            else max(beats.received_at)
        end as last_due_at
    from {{ ref('stg_jarvis__kiosks') }} as kiosks
    inner join {{ ref('stg_jarvis__gyms') }} as gyms on kiosks.gym_id = gyms.gym_id
    inner join beats on kiosks.kiosk_id = beats.kiosk_id
    group by kiosks.gym_id, kiosks.kiosk_id, gyms.timezone, kiosks.kiosk_status
),

days as (
    select
        kiosks.gym_id,
        kiosks.kiosk_id,
        calendar.moment::date as local_date,
        greatest(calendar.moment at time zone kiosks.timezone, kiosks.first_heard_at) as begins_at,
        least((calendar.moment + interval '1 day') at time zone kiosks.timezone - interval '1 second', kiosks.last_due_at)
            as ends_at
    from kiosks
    cross join lateral generate_series(
        {{ local_date('kiosks.first_heard_at', 'kiosks.timezone') }}::timestamp,
        {{ local_date('kiosks.last_due_at', 'kiosks.timezone') }}::timestamp,
        interval '1 day'
    ) as calendar (moment)
    {% if is_incremental() %}
    left join {{ this }} as standing
        on kiosks.kiosk_id = standing.kiosk_id and calendar.moment::date = standing.local_date
    where standing.kiosk_id is null
        and (calendar.moment::date > {{ window_start() }} or {{ in_backfill('calendar.moment::date') }})
    {% endif %}
),

heard as (
    select
        kiosk_id,
        local_date,
        count(*) as heartbeat_count,
        count(distinct slot) as heard_slot_count,
        count(*) filter (where not is_microphone_working) as microphone_fault_count,
        count(*) filter (where not is_reader_working) as reader_fault_count,
        percentile_cont(0.5) within group (order by network_ms) as median_network_ms
    from beats
    group by kiosk_id, local_date
),

counted as (
    select
        days.gym_id,
        days.kiosk_id,
        days.local_date,
        coalesce(heard.heartbeat_count, 0)::integer as heartbeat_count,
        coalesce(heard.heard_slot_count, 0)::integer as heard_slot_count,
        (
            floor(extract(epoch from days.ends_at) / 300) - floor(extract(epoch from days.begins_at) / 300) + 1
        )::integer as due_slot_count,
        coalesce(heard.microphone_fault_count, 0)::integer as microphone_fault_count,
        coalesce(heard.reader_fault_count, 0)::integer as reader_fault_count,
        heard.median_network_ms::numeric(10, 1) as median_network_ms
    from days
    left join heard on days.kiosk_id = heard.kiosk_id and days.local_date = heard.local_date
)

select
    gym_id,
    kiosk_id,
    local_date,
    heartbeat_count,
    heard_slot_count,
    due_slot_count,
    (heard_slot_count::numeric / due_slot_count)::numeric(5, 4) as availability_rate,
    microphone_fault_count,
    reader_fault_count,
    median_network_ms,
    now() as built_at
from counted
