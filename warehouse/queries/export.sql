-- columns --
-- The columns of a mart the caller may read with their types; no row for what is no mart, or closed to the caller.
select attributes.attname, pg_catalog.format_type(attributes.atttypid, attributes.atttypmod)
from pg_catalog.pg_attribute as attributes
inner join pg_catalog.pg_class as relations on attributes.attrelid = relations.oid
inner join pg_catalog.pg_namespace as schemas on relations.relnamespace = schemas.oid
where schemas.nspname = 'marts'
    and relations.relname = %(mart)s
    and relations.relkind in ('r', 'v', 'm', 'p')
    and attributes.attnum > 0
    and not attributes.attisdropped
    and pg_catalog.has_table_privilege(relations.oid, 'select')
order by attributes.attnum;

-- marts --
-- Every mart the caller may read.
select relations.relname
from pg_catalog.pg_class as relations
inner join pg_catalog.pg_namespace as schemas on relations.relnamespace = schemas.oid
where schemas.nspname = 'marts'
    and relations.relkind in ('r', 'v', 'm', 'p')
    and pg_catalog.has_table_privilege(relations.oid, 'select')
order by relations.relname;
