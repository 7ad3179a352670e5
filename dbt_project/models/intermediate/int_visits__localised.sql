select
    visits.visit_id,
    visits.gym_id,
    visits.member_id,
    visits.visited_at,
    {{ local_date('visits.visited_at', 'gyms.timezone') }} as local_date
from {{ ref('stg_jarvis__visits') }} as visits
inner join {{ ref('stg_jarvis__gyms') }} as gyms on visits.gym_id = gyms.gym_id
