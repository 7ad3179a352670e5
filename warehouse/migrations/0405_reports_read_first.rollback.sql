-- Reports are published as they are written again; drafts stay where they stand.
set local role jarvis_owner;

drop function app.change_report_settings(uuid, uuid, boolean);
alter table public.franchises drop column reads_reports_first;
alter table public.gyms drop column reads_reports_first;

reset role;
