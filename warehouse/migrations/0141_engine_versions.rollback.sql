-- Hosted versions are known no more.
delete from public.model_versions where kind = 'hosted_conversations';
alter table public.model_versions
    drop constraint model_kind_is_known,
    add constraint model_kind_is_known check (kind in ('churn', 'conversations'));
