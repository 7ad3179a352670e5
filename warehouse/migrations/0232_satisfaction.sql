-- How content a member left, as the local engine estimates it: an order to look at conversations in, not a rating.

set local role jarvis_owner;

alter table public.conversation_summaries
    -- Null before the analysis, and where the engine does not say.
    add column satisfaction numeric(3, 2) constraint satisfaction_in_range check (satisfaction between 0 and 1);

grant select (satisfaction) on public.conversation_summaries to jarvis_analyst;

reset role;
