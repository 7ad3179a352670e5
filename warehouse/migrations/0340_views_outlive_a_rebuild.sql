-- A rebuilt relation's predecessor goes, and the views that stood on it stand on the new one: dbt drops with cascade.

create function app.retire_relation(old_relation regclass, new_relation regclass)
returns table (schema_name name, view_name name, is_standing boolean)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    dependent record;
    -- As views write them, before a column too; dbt's own suffix is in no other word of a view.
    old_name constant text := (select quote_ident(relname) from pg_class where oid = old_relation);
    new_name constant text := (select quote_ident(relname) from pg_class where oid = new_relation);
begin
    if old_relation is null then
        return;
    end if;
    -- One at a time: two that stand under the same view would each write the other's predecessor back into it.
    perform pg_advisory_xact_lock(hashtext('app.retire_relation'));
    for dependent in
        select distinct views.oid::regclass as view
        from pg_depend as uses
        inner join pg_rewrite as rules on uses.classid = 'pg_rewrite'::regclass and uses.objid = rules.oid
        inner join pg_class as views on rules.ev_class = views.oid
        where uses.refclassid = 'pg_class'::regclass and uses.refobjid = old_relation
            and views.relkind = 'v' and views.oid <> old_relation and new_relation is not null
    loop
        begin
            -- In place, so that its grants, its comments and whatever stands on it remain.
            execute format(
                'create or replace view %s with (security_invoker = true) as %s',
                dependent.view,
                replace(pg_get_viewdef(dependent.view), old_name, new_name)
            );
        exception
            -- Columns it reads are gone or of another type, or it is somebody else's: it goes with the old relation.
            when syntax_error_or_access_rule_violation then null;
        end;
    end loop;
    return query
    with recursive dependents as (
        select relations.oid, relations.is_standing
        from (values (old_relation::oid, false), (new_relation::oid, true)) as relations (oid, is_standing)
        union
        select rules.ev_class, dependents.is_standing
        from dependents
        inner join pg_depend as uses on uses.refclassid = 'pg_class'::regclass and uses.refobjid = dependents.oid
        inner join pg_rewrite as rules on uses.classid = 'pg_rewrite'::regclass and uses.objid = rules.oid
    )
    select schemas.nspname, views.relname, dependents.is_standing
    from dependents
    inner join pg_class as views on dependents.oid = views.oid and views.relkind = 'v'
    inner join pg_namespace as schemas on views.relnamespace = schemas.oid
    where dependents.oid <> all (array[old_relation, new_relation]::oid[]);
    execute format(
        'drop %s %s cascade',
        (select case when relkind = 'v' then 'view' else 'table' end from pg_class where oid = old_relation),
        old_relation
    );
end
$$;
alter function app.retire_relation(regclass, regclass) owner to jarvis_owner;
revoke execute on function app.retire_relation(regclass, regclass) from public;
grant execute on function app.retire_relation(regclass, regclass) to jarvis_pipeline;
