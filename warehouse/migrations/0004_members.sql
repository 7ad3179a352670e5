-- Members, what they bought, when they came, and what they agreed to.

set local role jarvis_owner;

create table public.gym_members_v2 (
    id uuid primary key default gen_random_uuid(),
    gym_id uuid not null references public.gyms (id) on delete cascade,
    badge_id text,
    first_name text,
    last_name text,
    email text,
    phone text,
    birth_date date,
    membership_type text,
    is_active boolean not null default true,
    member_since date,
    last_visit timestamptz,
    created_at timestamptz not null default now(),
    -- The seed's global key told one gym about another's badges.
    constraint badge_is_unique_in_its_gym unique (gym_id, badge_id),
    constraint member_is_addressable_by_gym unique (gym_id, id)
);
create index gym_members_by_gym_and_name on public.gym_members_v2 (gym_id, last_name, first_name);

-- Weight and goals are close to health data: dashboards get no grant on this table.
create table public.member_fitness_profile (
    member_id uuid primary key,
    gym_id uuid not null,
    height_cm integer constraint height_cm_in_range check (height_cm between 80 and 250),
    current_weight_kg numeric(5, 2) constraint current_weight_kg_in_range check (current_weight_kg between 20 and 400),
    target_weight_kg numeric(5, 2) constraint target_weight_kg_in_range check (target_weight_kg between 20 and 400),
    fitness_level text
        constraint fitness_level_is_known check (fitness_level in ('beginner', 'intermediate', 'advanced')),
    primary_goals text[] not null default '{}',
    workout_frequency_per_week integer
        constraint workout_frequency_in_range check (workout_frequency_per_week between 0 and 21),
    constraint profile_belongs_to_a_member_of_its_gym
        foreign key (gym_id, member_id) references public.gym_members_v2 (gym_id, id) on delete cascade
);
create index member_fitness_profile_by_gym on public.member_fitness_profile (gym_id, member_id);

create table public.member_preferences (
    member_id uuid primary key,
    gym_id uuid not null,
    communication_style text not null default 'friendly'
        constraint communication_style_is_known check (communication_style in ('encouraging', 'direct', 'friendly')),
    language text not null default 'fr',
    voice_preference text,
    constraint preferences_belong_to_a_member_of_its_gym
        foreign key (gym_id, member_id) references public.gym_members_v2 (gym_id, id) on delete cascade
);
create index member_preferences_by_gym on public.member_preferences (gym_id, member_id);

create table public.memberships (
    id uuid primary key default gen_random_uuid(),
    gym_id uuid not null,
    member_id uuid not null,
    plan text not null,
    status text not null default 'active'
        constraint membership_status_is_known check (status in ('active', 'frozen', 'cancelled', 'expired')),
    started_on date not null,
    expires_on date not null,
    cancelled_on date,
    monthly_price_eur numeric(8, 2) constraint monthly_price_is_positive check (monthly_price_eur >= 0),
    created_at timestamptz not null default now(),
    constraint membership_ends_after_it_starts check (expires_on >= started_on),
    constraint cancelled_membership_has_a_date check ((status = 'cancelled') = (cancelled_on is not null)),
    constraint membership_belongs_to_a_member_of_its_gym
        foreign key (gym_id, member_id) references public.gym_members_v2 (gym_id, id) on delete cascade
);
create index memberships_by_member on public.memberships (gym_id, member_id, expires_on desc);

create table public.member_visits (
    id uuid primary key default gen_random_uuid(),
    gym_id uuid not null,
    member_id uuid not null,
    kiosk_id uuid,
    visited_at timestamptz not null default now(),
    source text not null default 'badge' constraint visit_source_is_known check (source in ('badge', 'door', 'import')),
    constraint visit_is_recorded_once unique (member_id, visited_at),
    constraint visit_belongs_to_a_member_of_its_gym
        foreign key (gym_id, member_id) references public.gym_members_v2 (gym_id, id) on delete cascade,
    constraint visit_belongs_to_a_kiosk_of_its_gym
        foreign key (gym_id, kiosk_id) references public.kiosks (gym_id, id) on delete set null (kiosk_id)
);
create index member_visits_by_member on public.member_visits (gym_id, member_id, visited_at desc);
create index member_visits_by_time on public.member_visits (gym_id, visited_at desc);
create index member_visits_by_kiosk on public.member_visits (gym_id, kiosk_id);

create table public.consents (
    id uuid primary key default gen_random_uuid(),
    gym_id uuid not null,
    member_id uuid not null,
    purpose text not null
        constraint consent_purpose_is_known
        check (purpose in ('service', 'quality_analysis', 'personalisation', 'churn_profiling', 'health')),
    is_granted boolean not null,
    notice_version text not null,
    source text not null default 'kiosk' constraint consent_source_is_known check (source in ('kiosk', 'desk', 'import')),
    recorded_at timestamptz not null default now(),
    constraint consent_belongs_to_a_member_of_its_gym
        foreign key (gym_id, member_id) references public.gym_members_v2 (gym_id, id) on delete cascade
);
create index consents_by_member on public.consents (gym_id, member_id, purpose, recorded_at desc);

do $$
declare
    relation text;
begin
    foreach relation in array array[
        'gym_members_v2', 'member_fitness_profile', 'member_preferences', 'memberships', 'member_visits', 'consents'
    ]
    loop
        perform app.protect_tenant_table(
            format('public.%I', relation)::regclass, array['jarvis_gateway', 'jarvis_dashboard', 'jarvis_analyst']
        );
    end loop;
end
$$;

create policy jarvis_gateway_updates on public.gym_members_v2 for update to jarvis_gateway
    using (gym_id = any ((select app.kiosk_gym_ids())::uuid[]))
    with check (gym_id = any ((select app.kiosk_gym_ids())::uuid[]));
create policy jarvis_gateway_inserts on public.member_visits for insert to jarvis_gateway
    with check (gym_id = any ((select app.kiosk_gym_ids())::uuid[]) and kiosk_id = (select app.kiosk_id()));
create policy jarvis_gateway_inserts on public.consents for insert to jarvis_gateway
    with check (gym_id = any ((select app.kiosk_gym_ids())::uuid[]));

grant select
    on public.gym_members_v2, public.member_fitness_profile, public.member_preferences, public.memberships,
    public.member_visits, public.consents
    to jarvis_gateway;
grant update (last_visit) on public.gym_members_v2 to jarvis_gateway;
grant insert on public.member_visits, public.consents to jarvis_gateway;
grant select
    on public.gym_members_v2, public.member_preferences, public.memberships, public.member_visits, public.consents
    to jarvis_dashboard;
-- Analysts count members; they do not need to know who they are.
grant select (id, gym_id, membership_type, is_active, member_since, last_visit, created_at)
    on public.gym_members_v2 to jarvis_analyst;
grant select on public.memberships, public.member_visits to jarvis_analyst;
grant select, insert, update, delete
    on public.gym_members_v2, public.member_fitness_profile, public.member_preferences, public.memberships,
    public.member_visits, public.consents
    to jarvis_pipeline;

reset role;
