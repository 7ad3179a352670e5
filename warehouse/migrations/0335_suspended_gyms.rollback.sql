-- Suspended gyms are served as before.

set local role jarvis_owner;

drop trigger service_is_told on public.franchises;
drop trigger service_is_told on public.gyms;
drop function app.tell_of_service();
drop function app.served_kiosks(uuid[]);

reset role;
