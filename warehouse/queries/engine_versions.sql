-- Which versions of the engines were scored on the golden set, and which one of each engine is in service.

-- one_at_a_time --
-- Two workers never score one version twice: the second waits, then finds what the first wrote.
select pg_advisory_xact_lock(hashtextextended('jarvis.engine_versions', 0));

-- engine_version --
-- One version by its name, without the score of each conversation.
select
    versions.version,
    versions.metrics ->> 'engine' as engine,
    versions.status,
    versions.metrics - 'scores' as metrics,
    versions.created_at
from public.model_versions as versions
where versions.kind in ('conversations', 'hosted_conversations') and versions.version = %(version)s::text;

-- champion --
-- The version of an engine that is in service.
select
    versions.version,
    versions.metrics ->> 'engine' as engine,
    versions.status,
    versions.metrics,
    versions.created_at
from public.model_versions as versions
where versions.kind = %(kind)s::text and versions.status = 'champion';

-- engine_versions --
-- Every version, the latest first, without the score of each conversation.
select
    versions.version,
    versions.metrics ->> 'engine' as engine,
    versions.status,
    versions.metrics - 'scores' as metrics,
    versions.created_at
from public.model_versions as versions
where versions.kind in ('conversations', 'hosted_conversations')
order by versions.created_at desc, versions.version;

-- agreement --
-- How often people said what each version had said, of the labels they looked at; the newest word on a label counts,
-- as in the mart `fct_label_agreement`.
with judged as (
    select distinct on (
        corrections.session_id, corrections.turn_id, corrections.field, corrections.engine, corrections.engine_version
    )
        corrections.engine || ' ' || corrections.engine_version as version,
        corrections.is_agreed
    from public.label_corrections as corrections
    order by
        corrections.session_id, corrections.turn_id, corrections.field, corrections.engine,
        corrections.engine_version, corrections.id desc
)

select
    judged.version,
    count(*)::integer as judged_count,
    (count(*) filter (where judged.is_agreed))::integer as agreed_count
from judged
group by judged.version;

-- record_version --
-- A version is known with its scores, in service or not; scored again, it keeps its place.
insert into public.model_versions (kind, version, status, metrics)
values (%(kind)s::text, %(version)s::text, 'candidate', %(metrics)s::jsonb)
on conflict (kind, version) do update set metrics = excluded.metrics;

-- retire_champion --
-- The kind has no version in service until another one is put there.
update public.model_versions
set status = 'retired', retired_at = clock_timestamp(), retired_by = session_user, retirement_reason = %(reason)s::text
where kind = %(kind)s::text and status = 'champion';

-- put_in_service --
-- The version is in service.
update public.model_versions
set status = 'champion', promoted_at = clock_timestamp(), promoted_by = session_user, promotion_reason = %(reason)s::text
where kind = %(kind)s::text and version = %(version)s::text;

-- audit_acceptance --
-- Who let a version in over its scores, on the record; the operator has no account of the dashboards.
insert into public.audit_log (actor_role, action, subject_table, subject_id, details)
values (session_user, 'engine_accepted', 'model_versions', %(version)s::text, %(details)s::jsonb);

-- put_off_due --
-- Sessions that wait for an engine are looked at again after a while, and say why they wait.
update public.conversation_summaries
set retry_at = clock_timestamp() + %(retry_after)s::interval, last_error = %(reason)s::text
where status = 'pending' and (retry_at is null or retry_at <= now());

-- put_off_enrichments --
-- The same for conversations that wait for a hosted engine; they have their local analysis.
with later as (
    update app.enrichments as queue
    set retry_at = clock_timestamp() + %(retry_after)s::interval
    where queue.retry_at is null or queue.retry_at <= now()
    returning queue.session_id
)

update public.conversation_summaries as summaries
set enrichment_reason = %(reason)s::text
from later
where summaries.session_id = later.session_id and summaries.enrichment_state = 'waiting';

-- resume_enrichments --
-- Conversations that waited for a version of a hosted engine are due at once.
with waiting as (
    update public.conversation_summaries as summaries
    set enrichment_reason = null
    where summaries.enrichment_state = 'waiting' and summaries.enrichment_reason like %(reason_like)s::text
    returning summaries.session_id
)

update app.enrichments as queue
set retry_at = null
from waiting
where queue.session_id = waiting.session_id;

-- resume_waiting --
-- Sessions that waited for an engine are due at once.
update public.conversation_summaries
set retry_at = null, last_error = null
where status = 'pending' and last_error like %(reason_like)s::text;
