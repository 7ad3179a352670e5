-- The local analysis is visible first; a hosted one enriches the row when it arrives, and the row says so.

set local role jarvis_owner;

alter table public.conversation_summaries
    -- Who gave the fields that stand there now; null before the first analysis.
    add column tier text generated always as (case when engine = 'local' then 'local' when engine is not null then 'hosted' end) stored,
    add column enrichment_state text not null default 'none'
        constraint enrichment_state_is_known check (enrichment_state in ('none', 'waiting', 'done', 'failed', 'ruled_out')),
    -- Why it waits on, failed or was ruled out; never a word of the conversation.
    add column enrichment_reason text,
    add column enriched_at timestamptz;

-- What a hosted engine analysed before there were two tiers.
update public.conversation_summaries
set enrichment_state = 'done', enriched_at = analysed_at
where status = 'completed' and engine <> 'local';

alter table public.conversation_summaries
    add constraint done_enrichment_has_a_moment check ((enrichment_state = 'done') = (enriched_at is not null)),
    add constraint ended_enrichment_says_why check (
        enrichment_state not in ('failed', 'ruled_out') or enrichment_reason is not null
    );

-- The hosted engine's queue. A table of its own, because a row is locked while a provider answers, for minutes when it
-- is slow: the summary itself stays free for whoever corrects it, counts it or has it analysed again.
create table app.enrichments (
    session_id uuid primary key,
    gym_id uuid not null,
    queued_at timestamptz not null default clock_timestamp(),
    attempts integer not null default 0 constraint enrichment_attempts_are_positive check (attempts >= 0),
    -- Not before this moment, after a failure.
    retry_at timestamptz,
    constraint enrichment_belongs_to_a_session_of_its_gym
        foreign key (gym_id, session_id) references public.openai_realtime_sessions (gym_id, id) on delete cascade
);
create index enrichments_by_session on app.enrichments (gym_id, session_id);
create index enrichments_by_age on app.enrichments (queued_at);

-- No policy: nobody but the pipeline, which sees every gym, has any business here.
alter table app.enrichments enable row level security;
alter table app.enrichments force row level security;
grant select, insert, update, delete on app.enrichments to jarvis_pipeline;

-- A member may keep their words from the hosted provider and still agree to the analysis in the house.
alter table public.consents
    drop constraint consent_purpose_is_known,
    add constraint consent_purpose_is_known check (
        purpose in ('service', 'quality_analysis', 'hosted_analysis', 'personalisation', 'churn_profiling', 'health')
    );

grant select (tier, enrichment_state, enriched_at) on public.conversation_summaries to jarvis_analyst;

reset role;
