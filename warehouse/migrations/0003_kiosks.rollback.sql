-- Takes the kiosks and their functions away again.
drop function app.kiosk_of_token(bytea);
drop function app.claim_kiosk(bytea, bytea, text, text, jsonb);
-- With it go the policies that rest on it, on gyms and on the tables below.
drop function app.kiosk_gym_ids() cascade;
revoke select on public.gyms from jarvis_gateway;
drop table public.kiosk_heartbeats;
drop table app.provisioning_failures;
drop table public.kiosk_credentials;
drop table public.kiosks;
drop function app.kiosk_id();
