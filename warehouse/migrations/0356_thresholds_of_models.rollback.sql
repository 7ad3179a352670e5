-- A gym's threshold is at least one half again; a lower one goes, and the level decides.
update public.gyms set churn_alert_threshold = null where churn_alert_threshold < 0.5;
alter table public.gyms drop constraint churn_alert_threshold_in_range;
alter table public.gyms add constraint churn_alert_threshold_in_range
    check (churn_alert_threshold between 0.5 and 0.95);
