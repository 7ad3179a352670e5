-- days --
-- Each of the last 30 local days on which a kiosk should have been heard, oldest first.
select
    daily.local_date,
    daily.availability_rate::double precision as availability_rate,
    daily.heard_slot_count,
    daily.due_slot_count,
    daily.heartbeat_count,
    daily.microphone_fault_count,
    daily.reader_fault_count,
    daily.median_network_ms::double precision as median_network_ms,
    daily.built_at
from marts.fct_kiosk_daily as daily
where daily.kiosk_id = %(kiosk_id)s::uuid and daily.local_date > current_date - 30
order by daily.local_date;

-- export --
-- The same days of every kiosk in view, for a spreadsheet.
select
    dims.kiosk_name,
    daily.local_date,
    daily.availability_rate::double precision as availability_rate,
    daily.heartbeat_count,
    daily.microphone_fault_count,
    daily.reader_fault_count,
    daily.median_network_ms::double precision as median_network_ms,
    gyms.gym_name
from marts.fct_kiosk_daily as daily
inner join marts.dim_kiosks as dims on daily.kiosk_id = dims.kiosk_id
inner join marts.dim_gyms as gyms on daily.gym_id = gyms.gym_id
where daily.local_date > current_date - 30
    and (%(gym_id)s::uuid is null or daily.gym_id = %(gym_id)s::uuid)
order by gyms.gym_name, dims.kiosk_name, daily.local_date;
