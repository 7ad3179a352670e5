-- Takes these rules and their proofs away again; as whoever sees the rows.
set local role jarvis_definer;
delete from app.retention_runs where rule_name in ('log_files', 'quarantine_files', 'worker_files');
delete from app.retention_rules where name in ('log_files', 'quarantine_files', 'worker_files');
reset role;
