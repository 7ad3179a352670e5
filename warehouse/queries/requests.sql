-- What the assistant's tools hand to the team: requests with their alert, and the machines members speak of.

-- machines_of_gym --
-- The machines of the kiosk's own gym.
select machines.name, machines.number, machines.zone
from public.gym_machines as machines
inner join public.kiosks on machines.gym_id = kiosks.gym_id
where kiosks.id = %(kiosk_id)s::uuid
order by machines.name, machines.number;

-- ask_staff --
-- Keeps a request once for each call and raises its alert; null when the session is over or another kiosk's.
select app.ask_staff(
    %(session_id)s::uuid, %(call_id)s::text, %(request)s::jsonb, %(alert)s::jsonb
) as request_id;
