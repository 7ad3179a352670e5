-- Files hold words and names too: logs, what a journal could not give back, what the workers leave behind.

set local role jarvis_definer;

insert into app.retention_rules (name, table_name, purpose, legal_basis, keep_days, action, position) values
    ('log_files', 'JARVIS_HOME/logs', 'Comprendre une panne', 'intérêt légitime', 30, 'delete', 70),
    -- As long as the words of a session: it may hold them.
    ('quarantine_files', 'JARVIS_HOME/journal', 'Réparer ce que la base a refusé', 'intérêt légitime', 183, 'delete', 71),
    ('worker_files', 'JARVIS_HOME/dagster', 'Passer le travail d''un processus à l''autre', 'intérêt légitime', 1, 'delete', 72);

reset role;
