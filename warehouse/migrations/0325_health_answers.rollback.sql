-- A question about health is answered from whatever words match it.
drop function app.members_keeping_health(uuid);
revoke execute on function app.keeps_health(uuid, uuid) from jarvis_definer;
