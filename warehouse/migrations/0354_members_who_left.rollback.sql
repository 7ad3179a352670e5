-- Takes the outcome of those who left away again; their alerts end as any whose cause is gone.
-- What was said at the end stands, for everybody but this.
alter table public.manager_alerts disable trigger alert_transition_is_legal;
update public.manager_alerts set outcome_code = 'cause_ended' where outcome_code = 'member_left';
alter table public.manager_alerts enable trigger alert_transition_is_legal;
alter table public.manager_alerts drop constraint alert_outcome_is_known;
alter table public.manager_alerts add constraint alert_outcome_is_known check (
    outcome_code in ('solved', 'member_contacted', 'no_action_needed', 'false_alarm', 'duplicate', 'cause_ended')
);
