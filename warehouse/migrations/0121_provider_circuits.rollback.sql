-- Takes the shared knowledge of failing providers away.
drop table app.provider_circuits;
