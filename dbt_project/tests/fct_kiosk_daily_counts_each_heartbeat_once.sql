-- Of the days whose heartbeats are still kept whole, every heartbeat is counted, and none twice.

with

built as (
    select max(built_at) as built_at from {{ ref('fct_kiosk_daily') }}
),

beats as (
    select
        beats.kiosk_id,
        {{ local_date('beats.received_at', 'gyms.timezone') }} as local_date,
        count(*) as heartbeat_count,
        count(*) filter (where beats.received_at < {{ settled_before('built.built_at') }}) as settled_heartbeat_count
    from {{ ref('stg_jarvis__heartbeats') }} as beats
    inner join {{ ref('stg_jarvis__gyms') }} as gyms on beats.gym_id = gyms.gym_id
    cross join built
    group by 1, 2
),

kept as (
    select min(local_date) as first_date from beats
)

select
    beats.kiosk_id,
    beats.local_date
from beats
cross join kept
left join {{ ref('fct_kiosk_daily') }} as days
    on beats.kiosk_id = days.kiosk_id and beats.local_date = days.local_date
where beats.local_date > kept.first_date
    and (
        coalesce(days.heartbeat_count, 0) < beats.settled_heartbeat_count
        or coalesce(days.heartbeat_count, 0) > beats.heartbeat_count
    )
