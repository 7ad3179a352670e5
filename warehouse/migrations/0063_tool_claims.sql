-- Whoever claims a tool call runs it, once: the same call may come back after a crash, a reconnect or a replay.

set local role jarvis_owner;

alter table public.tool_calls add column claimed_at timestamptz;

reset role;
