-- Takes the alerts and the audit trail away again.
drop table public.audit_log;
drop table public.manager_alerts;
drop function app.check_alert_transition();
