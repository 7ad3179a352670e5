-- Takes the scores away again.
drop table public.churn_scores;
drop table public.member_analytics;
drop table public.model_versions;
