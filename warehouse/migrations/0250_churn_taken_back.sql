-- A churn model that somebody took back bars the way to its like until a better one has been promoted.

set local role jarvis_owner;

alter table public.model_versions
    -- When a person took the model back; replaced by a better one it is retired and this stays null.
    add column taken_back_at timestamptz,
    add constraint taken_back_models_do_not_decide check (taken_back_at is null or status <> 'champion');

reset role;
