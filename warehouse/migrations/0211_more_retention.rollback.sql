-- Takes these rules and their proofs away again; as whoever sees the rows.
set local role jarvis_definer;
delete from app.retention_runs where rule_name in ('alert_messages', 'alert_digests', 'absences');
delete from app.retention_rules where name in ('alert_messages', 'alert_digests', 'absences');
reset role;
set local role jarvis_owner;
revoke select, delete on app.retention_rules, app.retention_runs from jarvis_definer;
reset role;
