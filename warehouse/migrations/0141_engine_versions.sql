-- Versions of the engines that analyse conversations: one of each engine is in service.

set local role jarvis_owner;

-- The engine's name stands in the metrics, as a churn model has none.
create unique index one_engine_version_in_service on public.model_versions ((metrics ->> 'engine'))
    where kind = 'conversations' and status = 'champion';

reset role;
