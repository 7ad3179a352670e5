-- Takes back what people may change of the network.

set local role jarvis_owner;

drop function app.create_franchise(text, text, text);
drop function app.change_franchise(uuid, text, text, text, text);
drop function app.create_gym(uuid, text, text, text, text, text, jsonb);
drop function app.change_gym(uuid, text, text, text, text, jsonb, text);
drop function app.create_user(text, text, text, uuid, uuid, text);
drop function app.change_user(uuid, text, boolean, text);
drop function app.create_kiosk(uuid, text, text, text);
drop function app.issue_kiosk_code(uuid, text, text, bytea, integer);
drop function app.revoke_kiosk(uuid);
drop function app.may_manage_user(text, uuid);
drop function app.require_super_admin();
drop function app.may_manage_gym(uuid);
drop function app.audit(uuid, text, text, text, jsonb);

drop policy super_admin_reads_the_network on public.audit_log;
drop index public.audit_log_by_time;

revoke insert, update on public.franchises, public.gyms, public.users from jarvis_definer;
revoke insert on public.kiosks from jarvis_definer;

reset role;
