-- Every call that was there when the table was built is counted, and none twice.

with

built as (
    select coalesce(max(built_at), now()) as built_at from {{ ref('fct_tool_calls_daily') }}
),

counted as (
    select
        gym_id,
        sum(call_count) as call_count
    from {{ ref('fct_tool_calls_daily') }}
    group by gym_id
),

calls as (
    select
        calls.gym_id,
        count(*) as call_count,
        count(*) filter (where calls.started_at < {{ settled_before('built.built_at') }}) as settled_call_count
    from {{ ref('stg_jarvis__tool_calls') }} as calls
    cross join built
    group by calls.gym_id
)

select calls.gym_id
from calls
left join counted on calls.gym_id = counted.gym_id
where coalesce(counted.call_count, 0) < calls.settled_call_count
    or coalesce(counted.call_count, 0) > calls.call_count
