-- Takes the ways to hashes and sessions away again.
drop function app.revoke_dashboard_session(bytea);
drop function app.resolve_dashboard_session(bytea, interval, boolean);
drop function app.open_dashboard_session(uuid, bytea, interval);
drop function app.fail_sign_in(uuid);
drop function app.begin_sign_in(text);
