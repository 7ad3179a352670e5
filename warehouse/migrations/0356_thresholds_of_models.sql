-- A model's « high » begins far below one half: a gym's own threshold may lie wherever its scores do.

set local role jarvis_owner;

alter table public.gyms drop constraint churn_alert_threshold_in_range;
alter table public.gyms add constraint churn_alert_threshold_in_range
    check (churn_alert_threshold between 0.01 and 0.95);

reset role;
