-- Back to a register of terms only.
set local role jarvis_owner;
drop table app.retention_reasons;
reset role;
