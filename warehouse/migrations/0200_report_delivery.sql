-- Reports reach people: each delivery waits, is tried again, and says why it did not happen; each person sets when.

set local role jarvis_owner;

alter table public.report_deliveries
    drop constraint delivery_status_is_known,
    add constraint delivery_status_is_known check (status in ('waiting', 'sent', 'failed', 'bounced', 'suppressed')),
    add column attempts integer not null default 0 constraint delivery_attempts_are_positive check (attempts >= 0),
    -- Not before: after a failure, or until the recipient's quiet hours are over.
    add column due_at timestamptz not null default now(),
    add column message_id text,
    -- Null is the gym of a franchise's report, once as well.
    add constraint report_is_delivered_once unique nulls not distinct (gym_id, report_id, recipient_user_id, channel),
    add constraint undelivered_says_why check (status not in ('failed', 'bounced', 'suppressed') or reason is not null);
create index report_deliveries_due on public.report_deliveries (due_at) where status = 'waiting';

-- A report of a franchise's gyms is delivered on record too, where its people can see it.
create policy owners_read_franchise_deliveries on public.report_deliveries for select to jarvis_dashboard
    using (gym_id is null and recipient_user_id = (select auth.uid()));

create table public.mail_preferences (
    user_id uuid primary key references public.users (id) on delete cascade,
    -- Reports and digests; what concerns the account itself is always sent.
    is_unsubscribed boolean not null default false,
    -- In the recipient's gym's own time; equal means none.
    quiet_from time not null default '20:00',
    quiet_until time not null default '07:00',
    updated_at timestamptz not null default now()
);
alter table public.mail_preferences enable row level security;
alter table public.mail_preferences force row level security;
create policy jarvis_dashboard_reads on public.mail_preferences for select to jarvis_dashboard
    using (user_id = (select auth.uid()));
create policy jarvis_dashboard_inserts on public.mail_preferences for insert to jarvis_dashboard
    with check (user_id = (select auth.uid()));
create policy jarvis_dashboard_updates on public.mail_preferences for update to jarvis_dashboard
    using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
grant select, insert (user_id, is_unsubscribed, quiet_from, quiet_until),
    update (is_unsubscribed, quiet_from, quiet_until, updated_at)
    on public.mail_preferences to jarvis_dashboard;
grant select, insert, update, delete on public.mail_preferences to jarvis_pipeline;

reset role;
