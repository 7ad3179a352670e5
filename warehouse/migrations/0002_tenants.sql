-- The tenants (franchises, gyms), the people who sign in, and the functions every policy rests on.

set local role jarvis_owner;

create table public.franchises (
    id uuid primary key default gen_random_uuid(),
    name text not null,
    city text,
    status text not null default 'active'
        constraint franchise_status_is_known check (status in ('active', 'suspended', 'trial')),
    subscription_plan text not null default 'starter'
        constraint franchise_plan_is_known check (subscription_plan in ('starter', 'pro', 'enterprise')),
    created_at timestamptz not null default now()
);

create table public.gyms (
    id uuid primary key default gen_random_uuid(),
    -- Null for an independent gym.
    franchise_id uuid references public.franchises (id),
    slug text not null constraint gym_slug_is_unique unique,
    name text not null,
    city text,
    address text,
    status text not null default 'active'
        constraint gym_status_is_known check (status in ('active', 'maintenance', 'suspended')),
    -- Weekday (mon…sun) to [opens, closes] as HH:MM in the gym's own time zone.
    opening_hours jsonb not null default '{}'::jsonb,
    timezone text not null default 'Europe/Paris',
    created_at timestamptz not null default now(),
    constraint gym_slug_is_a_slug check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$')
);
create index gyms_by_franchise on public.gyms (franchise_id);

create table public.users (
    id uuid primary key default gen_random_uuid(),
    email text not null constraint user_email_is_unique unique,
    full_name text,
    role text not null
        constraint user_role_is_known
        check (role in ('super_admin', 'franchise_owner', 'gym_manager', 'gym_staff', 'analyst')),
    franchise_id uuid references public.franchises (id),
    gym_id uuid references public.gyms (id),
    mfa_enabled boolean not null default false,
    is_active boolean not null default true,
    created_at timestamptz not null default now(),
    constraint user_email_is_lowercase check (email = lower(email)),
    constraint user_scope_fits_role check (
        (role = 'super_admin')
        or (role = 'franchise_owner' and franchise_id is not null)
        or (role in ('gym_manager', 'gym_staff') and gym_id is not null)
        or (role = 'analyst' and (franchise_id is not null or gym_id is not null))
    )
);
create index users_by_gym on public.users (gym_id);
create index users_by_franchise on public.users (franchise_id);

-- Apart from users: no role that answers a page may read a hash.
create table public.user_credentials (
    user_id uuid primary key references public.users (id) on delete cascade,
    password_hash text not null,
    failed_attempts integer not null default 0,
    locked_until timestamptz,
    updated_at timestamptz not null default now()
);

create table public.dashboard_sessions (
    -- SHA-256 of the cookie's 256-bit token: a copy of this table opens no door.
    token_hash bytea primary key,
    user_id uuid not null references public.users (id) on delete cascade,
    created_at timestamptz not null default now(),
    last_seen_at timestamptz not null default now(),
    expires_at timestamptz not null,
    revoked_at timestamptz,
    constraint token_hash_is_sha256 check (octet_length(token_hash) = 32)
);
create index dashboard_sessions_by_user on public.dashboard_sessions (user_id);

-- Which login role is which person: analysts speak SQL, so their identity cannot be a setting they could change.
create table app.analyst_logins (
    role_name text primary key,
    user_id uuid not null references public.users (id) on delete cascade
);
create index analyst_logins_by_user on app.analyst_logins (user_id);

create function app.gym_ids_seen_by(person_id uuid) returns uuid[]
language sql stable security definer
set search_path = pg_catalog, pg_temp
return (
    select coalesce(array_agg(gyms.id), '{}'::uuid[])
    from public.users
    inner join public.gyms
        on users.role = 'super_admin'
        or (users.role in ('franchise_owner', 'analyst') and gyms.franchise_id = users.franchise_id)
        or (users.role in ('gym_manager', 'gym_staff', 'analyst') and gyms.id = users.gym_id)
    where users.id = person_id and users.is_active
);

create function app.visible_gym_ids() returns uuid[]
language sql stable security definer
set search_path = pg_catalog, pg_temp
return app.gym_ids_seen_by(auth.uid());

create function app.managed_gym_ids() returns uuid[]
language sql stable security definer
set search_path = pg_catalog, pg_temp
return (
    select case when users.role in ('super_admin', 'franchise_owner', 'gym_manager')
        then app.gym_ids_seen_by(users.id)
        else '{}'::uuid[]
    end
    from public.users
    where users.id = auth.uid()
);

create function app.visible_franchise_ids() returns uuid[]
language sql stable security definer
set search_path = pg_catalog, pg_temp
return (
    select coalesce(array_agg(franchises.id), '{}'::uuid[])
    from public.users
    inner join public.franchises
        on users.role = 'super_admin'
        or (users.role in ('franchise_owner', 'analyst') and franchises.id = users.franchise_id)
    where users.id = auth.uid() and users.is_active
);

create function app.is_super_admin() returns boolean
language sql stable security definer
set search_path = pg_catalog, pg_temp
return exists (
    select from public.users where users.id = auth.uid() and users.is_active and users.role = 'super_admin'
);

create function app.analyst_user_id() returns uuid
language sql stable security definer
set search_path = pg_catalog, pg_temp
return (select analyst_logins.user_id from app.analyst_logins where analyst_logins.role_name = session_user);

create function app.analyst_gym_ids() returns uuid[]
language sql stable security definer
set search_path = pg_catalog, pg_temp
return app.gym_ids_seen_by(app.analyst_user_id());

-- One shape for every tenant table: enabled, forced, and one reading policy for each role that answers somebody.
create function app.protect_tenant_table(relation regclass, readers text[]) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    reader text;
    visible text;
begin
    execute format('alter table %s enable row level security', relation);
    execute format('alter table %s force row level security', relation);
    foreach reader in array readers
    loop
        visible := case reader
            when 'jarvis_dashboard' then 'app.visible_gym_ids()'
            when 'jarvis_analyst' then 'app.analyst_gym_ids()'
            when 'jarvis_gateway' then 'app.kiosk_gym_ids()'
        end;
        if visible is null then
            raise exception 'found role %, expected jarvis_dashboard, jarvis_analyst or jarvis_gateway', reader;
        end if;
        execute format('drop policy if exists %I on %s', reader || '_reads', relation);
        execute format(
            'create policy %I on %s for select to %I using (gym_id = any ((select %s)::uuid[]))',
            reader || '_reads', relation, reader, visible
        );
    end loop;
end
$$;

alter function app.gym_ids_seen_by(uuid) owner to jarvis_definer;
alter function app.visible_gym_ids() owner to jarvis_definer;
alter function app.managed_gym_ids() owner to jarvis_definer;
alter function app.visible_franchise_ids() owner to jarvis_definer;
alter function app.is_super_admin() owner to jarvis_definer;
alter function app.analyst_user_id() owner to jarvis_definer;
alter function app.analyst_gym_ids() owner to jarvis_definer;
grant select on public.users, public.gyms, public.franchises, app.analyst_logins to jarvis_definer;
grant select, insert, update, delete on public.user_credentials, public.dashboard_sessions to jarvis_definer;

-- A function answers whoever may call it, so nobody may by default.
revoke execute on all functions in schema app from public;
grant execute on function
    app.visible_gym_ids(), app.managed_gym_ids(), app.visible_franchise_ids(), app.is_super_admin()
    to jarvis_dashboard;
grant execute on function app.analyst_gym_ids() to jarvis_analyst;
grant execute on function app.protect_tenant_table(regclass, text[]) to jarvis_pipeline;

alter table public.franchises enable row level security;
alter table public.franchises force row level security;
create policy jarvis_dashboard_reads on public.franchises for select to jarvis_dashboard
    using (id = any ((select app.visible_franchise_ids())::uuid[]));

alter table public.gyms enable row level security;
alter table public.gyms force row level security;
create policy jarvis_dashboard_reads on public.gyms for select to jarvis_dashboard
    using (id = any ((select app.visible_gym_ids())::uuid[]));
create policy jarvis_analyst_reads on public.gyms for select to jarvis_analyst
    using (id = any ((select app.analyst_gym_ids())::uuid[]));

alter table public.users enable row level security;
alter table public.users force row level security;
create policy jarvis_dashboard_reads on public.users for select to jarvis_dashboard
    using (
        -- Even their own row: whoever is suspended sees nothing from that moment on.
        (id = (select auth.uid()) and is_active)
        or gym_id = any ((select app.visible_gym_ids())::uuid[])
        or franchise_id = any ((select app.visible_franchise_ids())::uuid[])
        or (select app.is_super_admin())
    );

-- No policy at all: only the definer functions below reach these.
alter table public.user_credentials enable row level security;
alter table public.user_credentials force row level security;
alter table public.dashboard_sessions enable row level security;
alter table public.dashboard_sessions force row level security;
alter table app.analyst_logins enable row level security;
alter table app.analyst_logins force row level security;

grant select on public.franchises, public.gyms, public.users to jarvis_dashboard;
grant select on public.gyms to jarvis_analyst;
grant select, insert, update, delete
    on public.franchises, public.gyms, public.users, public.user_credentials, public.dashboard_sessions,
    app.analyst_logins
    to jarvis_pipeline;

reset role;
