-- Takes the watch over silent kiosks away again; alerts that ended by themselves keep their end as nothing to do.
drop table app.kiosk_watch;
-- What was said at the end stands, for everybody but this.
alter table public.manager_alerts disable trigger alert_transition_is_legal;
update public.manager_alerts set outcome_code = 'no_action_needed' where outcome_code = 'cause_ended';
alter table public.manager_alerts enable trigger alert_transition_is_legal;
alter table public.manager_alerts drop constraint alert_outcome_is_known;
alter table public.manager_alerts add constraint alert_outcome_is_known check (
    outcome_code in ('solved', 'member_contacted', 'no_action_needed', 'false_alarm', 'duplicate')
);
