-- Back to a trail that is kept for ever.
set local role jarvis_definer;
delete from app.retention_runs where rule_name in ('audit_log', 'audit_moves', 'audit_proofs');
delete from app.retention_rules where name in ('audit_log', 'audit_moves', 'audit_proofs');
reset role;
set local role jarvis_owner;
drop function app.forget_trail(text, timestamptz, integer);
revoke update (actor_user_id, details), delete on public.audit_log from jarvis_definer;
reset role;
