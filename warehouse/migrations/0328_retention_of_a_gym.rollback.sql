-- Every gym keeps for the network's term again; what was proved of a gym's own goes with the column.
revoke update (is_by_gym) on app.retention_rules from jarvis_definer;
delete from app.retention_runs where gym_id is not null;
drop table app.gym_retention_rules;
alter table app.retention_runs drop column gym_id;
alter table app.retention_rules drop column is_by_gym;
