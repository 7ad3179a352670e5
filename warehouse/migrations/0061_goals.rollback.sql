-- Takes the goals away again.
drop function app.set_member_goal(uuid, text, integer, text, date);
drop table public.member_goals;
