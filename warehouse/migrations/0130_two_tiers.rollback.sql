-- One tier again: what was enriched stays as it is; who refused the hosted provider is told apart no more.
delete from public.consents where purpose = 'hosted_analysis';
alter table public.consents
    drop constraint consent_purpose_is_known,
    add constraint consent_purpose_is_known check (
        purpose in ('service', 'quality_analysis', 'personalisation', 'churn_profiling', 'health')
    );
drop table app.enrichments;
alter table public.conversation_summaries
    drop constraint done_enrichment_has_a_moment,
    drop constraint ended_enrichment_says_why,
    drop column tier,
    drop column enrichment_state,
    drop column enrichment_reason,
    drop column enriched_at;
