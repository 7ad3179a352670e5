-- What was written to or about members since the first rules has a term as well.

set local role jarvis_owner;
-- So that the way back can take the rows away.
grant select, delete on app.retention_rules, app.retention_runs to jarvis_definer;
reset role;

set local role jarvis_definer;

insert into app.retention_rules (name, table_name, purpose, legal_basis, keep_days, action, position) values
    ('alert_messages', 'alert_messages', 'Écrire à un adhérent', 'intérêt légitime', 183, 'delete', 32),
    ('alert_digests', 'alert_digests', 'Résumer les alertes de la semaine', 'intérêt légitime', 365, 'delete', 33),
    -- A reason may be an injury.
    ('absences', 'member_absences', 'Ne pas prendre une absence annoncée pour un départ', 'consentement', 365, 'delete', 42);

reset role;
