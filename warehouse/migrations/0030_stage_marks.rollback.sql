-- Takes the stages' marks away again.
drop index public.summaries_to_count;
alter table public.conversation_summaries drop column retry_at, drop column counted_at;
