-- The latest conversations of all the gyms somebody sees are read off an index, not sorted out of two years of them.
set local role jarvis_owner;

create index sessions_by_time on public.openai_realtime_sessions (started_at desc, id);

reset role;
