-- uptime --
-- Each kiosk's share of the five-minute slots of seven whole days in which it was heard.
select
    daily.kiosk_id,
    sum(daily.heard_slot_count)::double precision / nullif(sum(daily.due_slot_count), 0) as availability_rate
from marts.fct_kiosk_daily as daily
where daily.local_date between current_date - 7 and current_date - 1
    and (%(gym_id)s::uuid is null or daily.gym_id = %(gym_id)s::uuid)
group by daily.kiosk_id;
