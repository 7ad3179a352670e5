-- Nobody knows any more which models were taken back.
alter table public.model_versions
    drop constraint taken_back_models_do_not_decide,
    drop column taken_back_at;
