-- Takes the declaration by voice away again; what was declared stays.
drop function app.declare_absence(uuid, date, date, integer, text, boolean);
revoke select, insert, update, delete on public.member_absences from jarvis_definer;
revoke select on public.consents from jarvis_definer;
