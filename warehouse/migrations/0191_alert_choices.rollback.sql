-- Takes the choices, the budget and the control group away again.
drop table public.alert_choices;
alter table public.manager_alerts drop column escalated_at;
alter table public.gyms
    drop column alert_budget_per_week,
    drop column churn_control_share,
    drop column churn_control_salt;
alter table public.franchises drop column churn_control_share;
