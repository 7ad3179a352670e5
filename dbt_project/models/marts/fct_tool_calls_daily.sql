with

calls as (
    select
        calls.gym_id,
        {{ local_date('calls.started_at', 'gyms.timezone') }} as local_date,
        calls.tool_name,
        calls.tool_status,
        extract(epoch from calls.finished_at - calls.started_at) * 1000 as duration_ms
    from {{ ref('stg_jarvis__tool_calls') }} as calls
    inner join {{ ref('stg_jarvis__gyms') }} as gyms on calls.gym_id = gyms.gym_id
)

select
    gym_id,
    local_date,
    tool_name,
    count(*)::integer as call_count,
    (count(*) filter (where tool_status in ('failed', 'timed_out', 'unknown')))::integer as failed_call_count,
    (percentile_cont(0.5) within group (order by duration_ms))::numeric(10, 1) as median_duration_ms,
    now() as built_at
from calls
group by gym_id, local_date, tool_name
