-- Every listing over several gyms sorts all of their conversations again.
set local role jarvis_owner;

drop index public.sessions_by_time;

reset role;
