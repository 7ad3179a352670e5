-- Takes the badges of agents away again.
drop table public.kiosk_badges;
drop function app.tell_of_badge();
