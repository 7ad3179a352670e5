-- Roles, schemas and extensions come first: every later table is owned by a role nobody can log in as.

-- Roles belong to the whole cluster, so another database of this cluster may already have made them.
do $$
begin
    if not exists (select from pg_roles where rolname = 'jarvis_owner') then
        create role jarvis_owner nologin;
    end if;
    if not exists (select from pg_roles where rolname = 'jarvis_definer') then
        -- Owns only the security definer functions, which must look past row level security.
        create role jarvis_definer nologin bypassrls;
    end if;
    if not exists (select from pg_roles where rolname = 'jarvis_gateway') then
        create role jarvis_gateway login;
    end if;
    if not exists (select from pg_roles where rolname = 'jarvis_dashboard') then
        create role jarvis_dashboard login;
    end if;
    if not exists (select from pg_roles where rolname = 'jarvis_pipeline') then
        -- Batch work crosses all gyms; nothing that answers a person logs in with it.
        create role jarvis_pipeline login bypassrls;
    end if;
    if not exists (select from pg_roles where rolname = 'jarvis_analyst') then
        create role jarvis_analyst nologin;
    end if;
end
$$;

grant jarvis_owner, jarvis_definer to current_user;
grant jarvis_definer to jarvis_owner;

create extension if not exists vector;
create extension if not exists pg_trgm;

create schema app authorization jarvis_owner;
create schema marts authorization jarvis_pipeline;
create schema staging authorization jarvis_pipeline;

revoke create on schema public from public;
grant usage, create on schema public to jarvis_owner;
grant usage on schema public to jarvis_gateway, jarvis_dashboard, jarvis_pipeline, jarvis_analyst, jarvis_definer;
grant usage on schema app to jarvis_gateway, jarvis_dashboard, jarvis_pipeline, jarvis_analyst;
grant usage, create on schema app to jarvis_definer;
grant usage on schema marts to jarvis_dashboard, jarvis_analyst;
grant usage on schema staging to jarvis_analyst;

-- A Supabase database has its own auth.uid(); ours exists only where there is none.
do $$
begin
    if to_regprocedure('auth.uid()') is null then
        create schema if not exists auth authorization jarvis_owner;
        grant usage on schema auth to jarvis_gateway, jarvis_dashboard, jarvis_pipeline, jarvis_analyst, jarvis_definer;
        execute $function$
            create function auth.uid() returns uuid
            language sql stable
            set search_path = pg_catalog, pg_temp
            return nullif(current_setting('app.user_id', true), '')::uuid
        $function$;
        alter function auth.uid() owner to jarvis_owner;
        comment on function auth.uid() is 'The signed-in user of this transaction, made by jarvis.';
    end if;
end
$$;
