-- are_built --
-- True once dbt has built a mart.
select exists (select from pg_tables where schemaname = 'marts') as are_built;
