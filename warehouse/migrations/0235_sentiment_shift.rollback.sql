-- How a conversation turned is in its turns only.
alter table public.conversation_summaries drop column sentiment_shift;
