-- A person stops one kind of e-mail and keeps the others: which kinds they take is a set, in place of all or nothing.

set local role jarvis_owner;

alter table public.mail_preferences
    add column unsubscribed_kinds text[] not null default '{}'
        constraint mail_kinds_are_known check (
            unsubscribed_kinds <@ array[
                'daily_report', 'weekly_report', 'monthly_report', 'quarterly_report', 'alert_digest'
            ]
        );
-- Row security is forced on the owner too: rows are moved as whoever migrates, who stands above it.
reset role;
update public.mail_preferences
set unsubscribed_kinds = array['daily_report', 'weekly_report', 'monthly_report', 'quarterly_report', 'alert_digest']
where is_unsubscribed;
set local role jarvis_owner;
alter table public.mail_preferences drop column is_unsubscribed;
grant insert (unsubscribed_kinds), update (unsubscribed_kinds) on public.mail_preferences to jarvis_dashboard;

reset role;
