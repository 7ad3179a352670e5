-- Takes the digests and their deliveries away again.
drop table public.alert_digest_deliveries;
drop table public.alert_digests;
