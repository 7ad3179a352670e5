-- Takes the short-lived credentials away: devices connect with their own token again.
drop function app.token_behind_client_secret(bytea);
drop function app.issue_client_secret(bytea, bytea, integer);
drop table app.voice_client_secrets;
