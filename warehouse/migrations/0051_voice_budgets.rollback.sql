-- Takes the gyms' voice budgets and what was told of them away again.
drop function app.raise_voice_budget_alert(timestamptz, text, text, text, jsonb);
drop function app.voice_budget(timestamptz);
revoke select on public.realtime_usage from jarvis_definer;
set local role jarvis_owner;
drop index public.realtime_usage_by_time;
create index realtime_usage_by_time on public.realtime_usage (gym_id, occurred_at desc);
reset role;
delete from public.manager_alerts where alert_type = 'voice_budget';
alter table public.manager_alerts drop constraint alert_type_is_known;
alter table public.manager_alerts add constraint alert_type_is_known check (
    alert_type in ('churn_risk', 'negative_feedback', 'equipment_issue', 'milestone', 'kiosk_offline', 'data_quality')
);
alter table public.gyms
    drop column voice_budget_usd,
    drop column voice_budget_cheaper_share;
