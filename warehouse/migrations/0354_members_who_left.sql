-- An alert about somebody who has left ends by itself, and not as a success: nobody was kept by it.

set local role jarvis_owner;

alter table public.manager_alerts drop constraint alert_outcome_is_known;
alter table public.manager_alerts add constraint alert_outcome_is_known check (
    outcome_code in (
        'solved', 'member_contacted', 'no_action_needed', 'false_alarm', 'duplicate', 'cause_ended', 'member_left'
    )
);

reset role;
