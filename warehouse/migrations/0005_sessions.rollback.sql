-- Takes the sessions and all they hold away again.
drop function app.close_lost_sessions();
drop function app.ensure_event_partitions(integer);
drop table public.realtime_usage;
drop table public.tool_calls;
drop table public.session_turns;
drop table public.realtime_events;
drop table public.openai_realtime_sessions;
drop function app.refuse_illegal_session_transition();
