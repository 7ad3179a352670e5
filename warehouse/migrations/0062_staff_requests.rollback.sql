-- Takes the team's requests and the list of machines away again.
drop function app.ask_staff(uuid, text, jsonb, jsonb);
drop table public.staff_requests;
drop table public.gym_machines;
alter table public.manager_alerts drop constraint alert_is_addressable_by_gym;
revoke select on public.session_turns from jarvis_definer;
revoke select, insert, update on public.manager_alerts from jarvis_definer;
