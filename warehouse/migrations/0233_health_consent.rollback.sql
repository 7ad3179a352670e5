-- What members said of their health is analysed whether they agreed to it or not.
drop function app.keeps_health(uuid, uuid);
