-- Takes the gateway's duties away again.
drop function app.identify_badge(text);
drop function app.settle_lost_tool_calls();
drop function app.renew_session_leases(text, integer);
revoke select, update on public.tool_calls from jarvis_definer;
revoke select on public.gym_members_v2 from jarvis_definer;
