-- A rebuild takes the views that stand on what it replaces, as dbt's own drop does.
drop function app.retire_relation(regclass, regclass);
