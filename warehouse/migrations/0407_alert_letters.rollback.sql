-- Alerts that rise are told in Monday's digest alone again. Rows are moved as whoever migrates: row security is forced on the owner.
update public.mail_preferences set unsubscribed_kinds = array_remove(unsubscribed_kinds, 'alert_escalation');
delete from app.retention_reasons where table_name = 'alert_letters';

set local role jarvis_owner;

alter table public.mail_preferences
    drop constraint mail_kinds_are_known,
    add constraint mail_kinds_are_known check (
        unsubscribed_kinds <@ array[
            'daily_report', 'weekly_report', 'monthly_report', 'quarterly_report', 'alert_digest'
        ]
    );
drop table public.alert_letters;

reset role;
