-- Alerts end by themselves when their cause ends, and the watch over silent kiosks remembers what it saw last.

set local role jarvis_owner;

alter table public.manager_alerts drop constraint alert_outcome_is_known;
alter table public.manager_alerts add constraint alert_outcome_is_known check (
    outcome_code in ('solved', 'member_contacted', 'no_action_needed', 'false_alarm', 'duplicate', 'cause_ended')
);

-- One row: whether every kiosk was silent at the last look, and since when kiosks can be heard again.
create table app.kiosk_watch (
    id boolean primary key default true constraint kiosk_watch_is_one_row check (id),
    looked_at timestamptz not null,
    is_network_silent boolean not null default false,
    -- A kiosk's silence is counted from here at the earliest: before, nobody could have heard it.
    heard_since timestamptz not null
);
alter table app.kiosk_watch enable row level security;
alter table app.kiosk_watch force row level security;
grant select, insert, update, delete on app.kiosk_watch to jarvis_pipeline;

reset role;
