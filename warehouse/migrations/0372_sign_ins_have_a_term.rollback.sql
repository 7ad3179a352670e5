-- Back to sessions that go at the next sign-in of the same person.
set local role jarvis_definer;
delete from app.retention_runs where rule_name = 'sign_ins';
delete from app.retention_rules where name = 'sign_ins';
reset role;
set local role jarvis_owner;
drop function app.forget_sign_ins(timestamptz, integer, boolean);
reset role;
