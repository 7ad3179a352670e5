-- How content members left is printed by `jarvis analyse` and kept nowhere.
alter table public.conversation_summaries drop column satisfaction;
