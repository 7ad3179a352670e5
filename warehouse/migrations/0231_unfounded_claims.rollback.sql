-- What the evidence checks found is in their own results only.
alter table public.conversation_summaries
    drop column unfounded_claim_count,
    drop column unfounded_claims;
