-- Takes the record of who read an alert's names away; what is on record stays.
drop function app.note_alert_unmasking(uuid);
