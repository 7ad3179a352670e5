-- Takes the analyses and their queue away again.
drop trigger closed_session_queues_a_summary on public.openai_realtime_sessions;
drop trigger session_end_queues_a_summary on public.openai_realtime_sessions;
drop function app.on_session_end();
drop table public.action_items;
drop table public.conversation_summaries;
