-- Forgets who ran which call.
alter table public.tool_calls drop column claimed_at;
