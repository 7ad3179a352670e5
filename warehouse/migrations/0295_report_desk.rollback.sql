-- Only the pipeline publishes, nobody archives, and a draft is read by whoever sees its gym.
drop function app.move_report(uuid, text, text);
revoke select, insert on public.report_deliveries from jarvis_definer;
revoke select, update on public.insights_reports from jarvis_definer;
drop policy drafts_are_for_who_publishes on public.insights_reports;
