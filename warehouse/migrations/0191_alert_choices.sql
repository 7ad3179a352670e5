-- Whom to call when there are more members at risk than hours: a weekly budget, a control group, and each choice kept.

set local role jarvis_owner;

alter table public.franchises
    -- The share of members at risk whose alert is held back at random, to measure what calling does; null for none.
    add column churn_control_share numeric(3, 2)
        constraint franchise_control_share_in_range check (churn_control_share between 0 and 0.5);

alter table public.gyms
    -- Churn alerts a week; those beyond it are in the weekly digest.
    add column alert_budget_per_week integer not null default 15
        constraint alert_budget_in_range check (alert_budget_per_week between 0 and 200),
    -- Null takes the franchise's.
    add column churn_control_share numeric(3, 2)
        constraint gym_control_share_in_range check (churn_control_share between 0 and 0.5),
    -- Who is in the control group cannot be foreseen from a member's id alone.
    add column churn_control_salt uuid not null default gen_random_uuid();

alter table public.manager_alerts
    -- When nobody had taken it for days and its priority went up a step; once.
    add column escalated_at timestamptz;

create table public.alert_choices (
    id uuid primary key default gen_random_uuid(),
    gym_id uuid not null,
    member_id uuid not null,
    -- The Monday of the week whose budget was spent.
    week_starts_on date not null,
    -- The calendar quarter over which a member stays in or out of the control group, such as 2026-Q4.
    period text not null constraint choice_period_is_a_quarter check (period ~ '^[0-9]{4}-Q[1-4]$'),
    decision text not null
        constraint alert_decision_is_known check (decision in ('alert', 'digest', 'control')),
    as_of_date date not null,
    score numeric(4, 3) not null constraint choice_score_in_range check (score between 0 and 1),
    level text not null constraint choice_level_is_known check (level in ('low', 'medium', 'high', 'critical')),
    -- What a year of the membership is worth, times the risk of losing it.
    expected_value_eur numeric(10, 2) not null
        constraint expected_value_is_positive check (expected_value_eur >= 0),
    alert_id uuid,
    decided_at timestamptz not null default now(),
    constraint member_is_chosen_once_a_week unique (gym_id, member_id, week_starts_on),
    constraint choice_belongs_to_a_member_of_its_gym
        foreign key (gym_id, member_id) references public.gym_members_v2 (gym_id, id) on delete cascade,
    constraint choice_belongs_to_an_alert_of_its_gym
        foreign key (gym_id, alert_id) references public.manager_alerts (gym_id, id) on delete set null (alert_id)
);
create index alert_choices_by_week on public.alert_choices (gym_id, week_starts_on, decision);
create index alert_choices_by_alert on public.alert_choices (gym_id, alert_id);

select app.protect_tenant_table('public.alert_choices', array['jarvis_gateway', 'jarvis_dashboard', 'jarvis_analyst']);
-- No page reads it: whoever knows the control group calls it.
grant select, insert, update, delete on public.alert_choices to jarvis_pipeline;

reset role;
