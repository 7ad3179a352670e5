-- A hosted engine's versions are a kind of their own: each kind has one version in service.

set local role jarvis_owner;

alter table public.model_versions
    drop constraint model_kind_is_known,
    add constraint model_kind_is_known check (kind in ('churn', 'conversations', 'hosted_conversations'));

reset role;
