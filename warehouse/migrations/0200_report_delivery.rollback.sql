-- Takes the waiting deliveries and the preferences away.
drop table public.mail_preferences;
drop policy owners_read_franchise_deliveries on public.report_deliveries;
drop index public.report_deliveries_due;
delete from public.report_deliveries where status = 'waiting';
alter table public.report_deliveries
    drop constraint undelivered_says_why,
    drop constraint report_is_delivered_once,
    drop column message_id,
    drop column due_at,
    drop column attempts,
    drop constraint delivery_status_is_known,
    add constraint delivery_status_is_known check (status in ('sent', 'failed', 'bounced', 'suppressed'));
