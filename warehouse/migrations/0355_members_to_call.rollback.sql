-- Takes the one place that decides whom to call away again; every score that is shown counts.
drop function app.members_to_call(uuid[], integer);
revoke select on public.member_analytics, public.alert_choices from jarvis_definer;
alter table public.member_analytics drop column is_at_risk, drop column churn_held_back_reason;
