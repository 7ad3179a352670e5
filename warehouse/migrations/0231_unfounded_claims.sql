-- What the evidence checks find wrong of a conversation stands with it, so that people see it where they read the analysis.

set local role jarvis_owner;

alter table public.conversation_summaries
    -- Check to the claims it found to rest on nothing, by their names (`key_topics.billing`), never a word of them.
    add column unfounded_claims jsonb not null default '{}'::jsonb
        constraint unfounded_claims_are_of_known_checks check (
            jsonb_typeof(unfounded_claims) = 'object'
            and unfounded_claims - array['no_turn', 'turn_not_found', 'quote_not_said', 'alert_quote_not_said'] = '{}'::jsonb
        ),
    add column unfounded_claim_count integer not null generated always as (
        jsonb_array_length(coalesce(unfounded_claims -> 'no_turn', '[]'))
        + jsonb_array_length(coalesce(unfounded_claims -> 'turn_not_found', '[]'))
        + jsonb_array_length(coalesce(unfounded_claims -> 'quote_not_said', '[]'))
        + jsonb_array_length(coalesce(unfounded_claims -> 'alert_quote_not_said', '[]'))
    ) stored;
create index summaries_with_unfounded_claims on public.conversation_summaries (gym_id, analysed_at)
    where unfounded_claim_count > 0;

grant select (unfounded_claims, unfounded_claim_count) on public.conversation_summaries to jarvis_analyst;

reset role;
