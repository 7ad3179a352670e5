-- A score says what it rests on, why it may not be acted on, and which version of which model or rules gave it.

set local role jarvis_owner;

alter table public.churn_scores
    -- True where the score is a calibrated probability; a sum of rules is none.
    add column is_calibrated boolean not null default false,
    -- The rules' score of the same day, so that both can be compared once a model decides.
    add column rules_score numeric(4, 3)
        constraint churn_rules_score_in_range check (rules_score between 0 and 1),
    -- What would bring the member below high, in French; null where nothing tried does, or nothing needs to.
    add column counterfactual text,
    -- True where the gym's own history is too short and all gyms' members speak for it.
    add column pooled boolean not null default false,
    -- No alert may fire on a score with a reason here.
    add column held_back_reason text
        constraint held_back_reason_is_known check (
            held_back_reason in ('declared_absence', 'gym_closed', 'checkins_silent', 'features_drifted')
        ),
    add constraint at_most_three_reasons
        check (jsonb_typeof(factors) = 'array' and jsonb_array_length(factors) <= 3);

-- The rows of a day that ran twice before this rule: the newest one counts.
delete from public.churn_scores as older
using public.churn_scores as newer
where older.gym_id = newer.gym_id
    and older.member_id = newer.member_id
    and older.as_of_date = newer.as_of_date
    and (older.scored_at, older.id) < (newer.scored_at, newer.id);

-- Running a day again replaces its scores.
drop index public.churn_scores_by_member;
create unique index one_churn_score_a_day on public.churn_scores (gym_id, member_id, as_of_date);
create index churn_scores_by_day on public.churn_scores (gym_id, as_of_date);

-- A model's file, where every worker of every machine finds it: in the database its row is in, one transaction with it.
create table app.model_artifacts (
    sha256 text primary key constraint artifact_hash_is_sha256 check (sha256 ~ '^[0-9a-f]{64}$'),
    content bytea not null constraint artifact_length_in_range check (octet_length(content) between 1 and 50000000),
    created_at timestamptz not null default now(),
    constraint artifact_is_what_its_hash_says check (encode(sha256(content), 'hex') = sha256)
);
-- No policy: nobody but the pipeline, which trains and scores, has any business here.
alter table app.model_artifacts enable row level security;
alter table app.model_artifacts force row level security;
grant select, insert, delete on app.model_artifacts to jarvis_pipeline;

alter table public.model_versions
    -- The days whose snapshots the model was fitted on.
    add column window_starts_on date,
    add column window_ends_on date,
    add column feature_columns text[] not null default '{}',
    add column training_rows integer constraint training_rows_are_positive check (training_rows >= 0),
    -- Who made it champion or took it away, when and why; `audit_log` keeps every such change.
    add column promoted_at timestamptz,
    add column promoted_by text,
    add column promotion_reason text,
    add column retired_at timestamptz,
    add column retired_by text,
    add column retirement_reason text,
    add constraint model_has_its_artifact
        foreign key (artifact_sha256) references app.model_artifacts (sha256),
    add constraint window_ends_after_it_starts check (window_ends_on >= window_starts_on);
create index model_versions_by_artifact on public.model_versions (artifact_sha256);
create unique index one_champion_per_kind on public.model_versions (kind) where status = 'champion';

reset role;
