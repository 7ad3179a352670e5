-- Takes the marks of a lost gateway's record away again.
-- Revoked first: the list of grants keeps the order they were made in.
revoke execute on function app.close_lost_sessions() from jarvis_pipeline;
grant execute on function app.close_lost_sessions() to jarvis_gateway, jarvis_pipeline;
drop function app.lost_sessions(integer);
alter table public.realtime_usage
    drop constraint missing_usage_costs_nothing,
    drop constraint cached_image_tokens_are_part_of_input,
    drop column cached_image_tokens,
    drop column image_input_tokens,
    drop column is_usage_missing;
alter table public.session_turns drop column is_recovered;
