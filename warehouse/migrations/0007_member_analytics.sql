-- Each member's engagement and risk today, the history of their scores, and the models that gave them.

set local role jarvis_owner;

create table public.model_versions (
    id uuid primary key default gen_random_uuid(),
    kind text not null constraint model_kind_is_known check (kind in ('churn', 'conversations')),
    version text not null,
    status text not null default 'candidate'
        constraint model_status_is_known check (status in ('candidate', 'champion', 'retired')),
    metrics jsonb not null default '{}'::jsonb,
    artifact_sha256 text,
    created_at timestamptz not null default now(),
    constraint model_version_is_unique unique (kind, version)
);

create table public.member_analytics (
    member_id uuid primary key,
    gym_id uuid not null,
    total_conversations integer not null default 0,
    total_session_duration_seconds integer not null default 0,
    avg_session_duration_seconds numeric(10, 2),
    last_conversation_at timestamptz,
    conversation_frequency text
        constraint conversation_frequency_is_known
        check (conversation_frequency in ('daily', 'weekly', 'monthly', 'rare')),
    avg_sentiment_score numeric(3, 2) constraint avg_sentiment_score_in_range check (avg_sentiment_score between -1 and 1),
    sentiment_trend text
        constraint sentiment_trend_is_known check (sentiment_trend in ('improving', 'stable', 'declining')),
    negative_sentiment_count integer not null default 0,
    positive_sentiment_count integer not null default 0,
    churn_risk_score numeric(3, 2) constraint churn_risk_score_in_range check (churn_risk_score between 0 and 1),
    churn_risk_level text
        constraint churn_risk_level_is_known check (churn_risk_level in ('low', 'medium', 'high', 'critical')),
    churn_factors jsonb,
    last_churn_analysis_at timestamptz,
    engagement_score numeric(3, 2) constraint engagement_score_in_range check (engagement_score between 0 and 1),
    days_since_last_visit integer constraint days_since_last_visit_is_positive check (days_since_last_visit >= 0),
    visit_frequency_per_week numeric(4, 2)
        constraint visit_frequency_is_positive check (visit_frequency_per_week >= 0),
    updated_at timestamptz not null default now(),
    constraint analytics_belong_to_a_member_of_their_gym
        foreign key (gym_id, member_id) references public.gym_members_v2 (gym_id, id) on delete cascade
);
create index member_analytics_by_gym_and_risk on public.member_analytics (gym_id, churn_risk_level);
create index member_analytics_by_gym_and_engagement on public.member_analytics (gym_id, engagement_score);
create index member_analytics_by_gym_and_member on public.member_analytics (gym_id, member_id);

create table public.churn_scores (
    id uuid primary key default gen_random_uuid(),
    gym_id uuid not null,
    member_id uuid not null,
    -- No feature of the score is later than this day.
    as_of_date date not null,
    scored_at timestamptz not null default now(),
    model_version_id uuid references public.model_versions (id),
    rules_version text,
    score numeric(4, 3) not null constraint churn_score_in_range check (score between 0 and 1),
    level text not null constraint churn_level_is_known check (level in ('low', 'medium', 'high', 'critical')),
    factors jsonb not null default '[]'::jsonb,
    constraint score_has_a_source check (model_version_id is not null or rules_version is not null),
    constraint score_belongs_to_a_member_of_its_gym
        foreign key (gym_id, member_id) references public.gym_members_v2 (gym_id, id) on delete cascade
);
create index churn_scores_by_member on public.churn_scores (gym_id, member_id, as_of_date desc);
create index churn_scores_by_model on public.churn_scores (model_version_id);

select app.protect_tenant_table('public.member_analytics', array['jarvis_gateway', 'jarvis_dashboard', 'jarvis_analyst']);
select app.protect_tenant_table('public.churn_scores', array['jarvis_gateway', 'jarvis_dashboard', 'jarvis_analyst']);
-- A model belongs to no gym: whoever reads a score may know which one gave it.
alter table public.model_versions enable row level security;
alter table public.model_versions force row level security;
create policy jarvis_dashboard_reads on public.model_versions for select to jarvis_dashboard using (true);
create policy jarvis_analyst_reads on public.model_versions for select to jarvis_analyst using (true);

grant select on public.member_analytics, public.churn_scores, public.model_versions to jarvis_dashboard, jarvis_analyst;
grant select, insert, update, delete
    on public.member_analytics, public.churn_scores, public.model_versions
    to jarvis_pipeline;

reset role;
