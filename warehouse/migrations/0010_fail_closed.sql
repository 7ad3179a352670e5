-- Whatever appears in an exposed schema is closed until somebody opens it: dbt rebuilds tables without their policies.

create function app.close_new_relations() returns event_trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    made record;
begin
    -- A command about a column, a sequence or an index names the same command tag: only whole relations count.
    for made in
        select relations.oid::regclass as relation, relations.relkind as kind, relations.relrowsecurity as is_enabled,
            relations.relforcerowsecurity as is_forced, relations.reloptions as options
        from pg_event_trigger_ddl_commands() as commands
        inner join pg_catalog.pg_class as relations on commands.classid = 'pg_class'::regclass and commands.objid = relations.oid
        where commands.schema_name in ('public', 'app', 'marts', 'staging')
    loop
        if made.kind in ('r', 'p') then
            -- Asked first, because these commands come back here.
            if not made.is_enabled then
                execute format('alter table %s enable row level security', made.relation);
            end if;
            if not made.is_forced then
                execute format('alter table %s force row level security', made.relation);
            end if;
        elsif made.kind = 'v' and not coalesce('security_invoker=true' = any (made.options), false) then
            -- A view otherwise reads with its owner's rights, and shows every gym to everybody.
            execute format('alter view %s set (security_invoker = true)', made.relation);
        elsif made.kind = 'm' then
            raise exception 'found materialized view %, expected a table: row level security cannot protect it',
                made.relation;
        elsif made.kind = 'f' then
            raise exception 'found foreign table %, expected a table of this database: row level security cannot protect it',
                made.relation;
        end if;
    end loop;
end
$$;
alter function app.close_new_relations() owner to jarvis_owner;
revoke execute on function app.close_new_relations() from public;

-- Altering counts too: a table may be made elsewhere and moved here, or be opened again.
create event trigger jarvis_close_new_relations on ddl_command_end
    when tag in (
        'CREATE TABLE', 'CREATE TABLE AS', 'SELECT INTO', 'ALTER TABLE', 'CREATE FOREIGN TABLE', 'ALTER FOREIGN TABLE',
        'IMPORT FOREIGN SCHEMA', 'CREATE VIEW', 'ALTER VIEW', 'CREATE MATERIALIZED VIEW', 'ALTER MATERIALIZED VIEW'
    )
    execute function app.close_new_relations();
