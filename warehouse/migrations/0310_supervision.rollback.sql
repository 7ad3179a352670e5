-- Takes the signs of life away again; that jarvis_definer reads statistics stays, because it holds for the whole server.
drop function app.slow_statements(double precision);
drop function app.recent_incidents();
drop function app.system_state();
drop index public.summaries_given_up;
revoke select on app.mart_builds, app.quality_results, app.incidents from jarvis_definer;
drop extension if exists pg_stat_statements;
drop schema if exists server_statistics;
