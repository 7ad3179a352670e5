-- Takes the desk's hand from absences and closures again; what was written stays.
drop function app.remove_closure(uuid);
drop function app.add_closure(uuid, date, date, text);
drop function app.end_absence(uuid, date);
drop function app.add_absence(uuid, date, date, text);
drop function app.audit_desk(uuid, text, text, uuid, jsonb);
drop function app.may_serve_gym(uuid);
drop function app.is_operator();
revoke select, insert, delete on public.gym_closures from jarvis_definer;
