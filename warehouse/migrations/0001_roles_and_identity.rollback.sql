-- Leaves the database as it was found; roles go only when no other database of the cluster uses them.
drop schema if exists staging cascade;
drop schema if exists marts cascade;
drop schema if exists app cascade;

do $$
declare
    role_name text;
begin
    if obj_description(to_regprocedure('auth.uid()')) like '%made by jarvis.' then
        drop schema auth cascade;
    end if;
    foreach role_name in array array[
        'jarvis_gateway', 'jarvis_dashboard', 'jarvis_pipeline', 'jarvis_analyst', 'jarvis_definer', 'jarvis_owner'
    ]
    loop
        execute format('drop owned by %I cascade', role_name);
        begin
            execute format('drop role %I', role_name);
        exception
            when dependent_objects_still_exist then
                raise notice 'role % stays: another database of this cluster uses it', role_name;
        end;
    end loop;
end
$$;

drop extension if exists pg_trgm;
drop extension if exists vector;
