-- Whatever appears in an exposed schema is closed until somebody opens it: dbt rebuilds tables without their policies.

create function app.close_new_relations() returns event_trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    made record;
begin
    for made in
        select commands.object_identity, commands.object_type, commands.command_tag
        from pg_event_trigger_ddl_commands() as commands
        where commands.schema_name in ('public', 'marts', 'staging')
    loop
        if made.object_type = 'table' and made.command_tag in ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO') then
            execute format('alter table %s enable row level security', made.object_identity);
            execute format('alter table %s force row level security', made.object_identity);
        elsif made.object_type = 'view' and made.command_tag = 'CREATE VIEW' then
            -- A view otherwise reads with its owner's rights, and shows every gym to everybody.
            execute format('alter view %s set (security_invoker = true)', made.object_identity);
        elsif made.object_type = 'materialized view' and made.command_tag = 'CREATE MATERIALIZED VIEW' then
            raise exception 'found materialized view %, expected a table: row level security cannot protect it',
                made.object_identity;
        end if;
    end loop;
end
$$;
alter function app.close_new_relations() owner to jarvis_owner;

create event trigger jarvis_close_new_relations on ddl_command_end
    when tag in ('CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'CREATE VIEW', 'CREATE MATERIALIZED VIEW')
    execute function app.close_new_relations();
