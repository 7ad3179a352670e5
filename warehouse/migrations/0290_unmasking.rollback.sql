-- Takes the record of who read names away; what is on record stays.
drop function app.note_unmasking(uuid);
