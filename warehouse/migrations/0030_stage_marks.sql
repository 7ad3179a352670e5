-- Each stage marks what it has read, in the transaction of its own effects: a crash between two stages loses nothing.

set local role jarvis_owner;

alter table public.conversation_summaries
    -- When the members stage has counted this analysis; null while it still has to.
    add column counted_at timestamptz,
    -- Not before this moment, after a failure: a provider that is down is not asked again at once.
    add column retry_at timestamptz;

create index summaries_to_count on public.conversation_summaries (analysed_at)
    where status = 'completed' and counted_at is null;

reset role;
