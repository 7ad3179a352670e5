set local role jarvis_owner;

drop function app.note_unmasking(uuid);

reset role;
