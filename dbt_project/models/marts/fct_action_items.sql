with

items as (
    select * from {{ ref('stg_jarvis__action_items') }}
)

select
    items.action_item_id,
    items.gym_id,
    items.session_id,
    {{ local_date('items.created_at', 'gyms.timezone') }} as local_date,
    items.action_owner,
    items.action_state,
    items.due_date,
    items.created_at,
    items.closed_at,
    (extract(epoch from items.closed_at - items.created_at) / 60)::numeric(12, 1) as open_minutes,
    now() as built_at
from items
inner join {{ ref('stg_jarvis__gyms') }} as gyms on items.gym_id = gyms.gym_id
