-- Back to scores without their grounds; the models' files go with them.
drop index public.one_champion_per_kind;
drop index public.model_versions_by_artifact;
alter table public.model_versions
    drop constraint model_has_its_artifact,
    drop constraint window_ends_after_it_starts,
    drop column window_starts_on,
    drop column window_ends_on,
    drop column feature_columns,
    drop column training_rows,
    drop column promoted_at,
    drop column promoted_by,
    drop column promotion_reason,
    drop column retired_at,
    drop column retired_by,
    drop column retirement_reason;
drop table app.model_artifacts;
drop index public.churn_scores_by_day;
drop index public.one_churn_score_a_day;
create index churn_scores_by_member on public.churn_scores (gym_id, member_id, as_of_date desc);
alter table public.churn_scores
    drop constraint at_most_three_reasons,
    drop column is_calibrated,
    drop column rules_score,
    drop column counterfactual,
    drop column pooled,
    drop column held_back_reason;
