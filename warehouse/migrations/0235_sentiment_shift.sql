-- From the member's first words to their last: whether a conversation ended better than it began.

set local role jarvis_owner;

alter table public.conversation_summaries
    -- Null before the analysis, and where the member spoke once.
    add column sentiment_shift numeric(3, 2) constraint sentiment_shift_in_range check (sentiment_shift between -2 and 2);

grant select (sentiment_shift) on public.conversation_summaries to jarvis_analyst;

reset role;
