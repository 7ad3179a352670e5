-- Takes the reports away again.
drop table public.report_deliveries;
drop table public.insights_reports;
drop function app.check_report_transition();
