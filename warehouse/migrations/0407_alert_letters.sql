-- An alert that rises because nobody took it is told to people by a letter of its own, once, and what became of it is kept.

set local role jarvis_owner;

create table public.alert_letters (
    id uuid primary key default gen_random_uuid(),
    gym_id uuid not null,
    alert_id uuid not null,
    recipient_user_id uuid not null references public.users (id) on delete cascade,
    status text not null default 'waiting'
        constraint alert_letter_status_is_known
        -- sending: on record before a server is asked, so that a run that dies there is not repeated.
        check (status in ('waiting', 'sending', 'sent', 'failed', 'bounced', 'suppressed')),
    reason text,
    attempt_count integer not null default 0
        constraint alert_letter_attempts_are_positive check (attempt_count >= 0),
    -- Not before: after a failure, or until the recipient's quiet hours are over.
    due_at timestamptz not null,
    attempted_at timestamptz,
    constraint escalation_is_told_once_to_a_person unique (gym_id, alert_id, recipient_user_id),
    constraint unsent_alert_letter_says_why check (status not in ('failed', 'bounced', 'suppressed') or reason is not null),
    constraint alert_letter_belongs_to_an_alert_of_its_gym
        foreign key (gym_id, alert_id) references public.manager_alerts (gym_id, id) on delete cascade
);
create index alert_letters_by_recipient on public.alert_letters (recipient_user_id);
create index alert_letters_due on public.alert_letters (due_at) where status in ('waiting', 'sending');

select app.protect_tenant_table('public.alert_letters', array['jarvis_gateway', 'jarvis_dashboard', 'jarvis_analyst']);
grant select on public.alert_letters to jarvis_dashboard;
grant select, insert, update, delete on public.alert_letters to jarvis_pipeline;

alter table public.mail_preferences
    drop constraint mail_kinds_are_known,
    add constraint mail_kinds_are_known check (
        unsubscribed_kinds <@ array[
            'daily_report', 'weekly_report', 'monthly_report', 'quarterly_report', 'alert_digest', 'alert_escalation'
        ]
    );

reset role;
-- Whoever took no letter takes no new kind either. Row security is forced on the owner: rows are moved as whoever migrates.
update public.mail_preferences
set unsubscribed_kinds = unsubscribed_kinds || 'alert_escalation'::text
where unsubscribed_kinds @> array['daily_report', 'weekly_report', 'monthly_report', 'quarterly_report', 'alert_digest'];
set local role jarvis_definer;

insert into app.retention_reasons (table_name, kept_while) values
    ('alert_letters', 'effacés avec leur alerte (règle alerts)');

reset role;
