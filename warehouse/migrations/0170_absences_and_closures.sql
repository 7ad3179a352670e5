-- Why a member may be away without it meaning anything: declared absences, pauses, closures, the gym's own calendar.

set local role jarvis_owner;

create table public.member_absences (
    id uuid primary key default gen_random_uuid(),
    gym_id uuid not null,
    member_id uuid not null,
    starts_on date not null,
    -- The last day away; null while nobody knows when the member comes back.
    ends_on date,
    reason text not null default 'other'
        constraint absence_reason_is_known check (reason in ('holiday', 'injury', 'frozen', 'travel', 'other')),
    source text not null constraint absence_source_is_known check (source in ('member', 'staff', 'simulator')),
    created_at timestamptz not null default now(),
    constraint absence_ends_after_it_starts check (ends_on >= starts_on),
    constraint absence_belongs_to_a_member_of_its_gym
        foreign key (gym_id, member_id) references public.gym_members_v2 (gym_id, id) on delete cascade
);
create index member_absences_by_member on public.member_absences (gym_id, member_id, starts_on);

create table public.gym_closures (
    id uuid primary key default gen_random_uuid(),
    gym_id uuid not null references public.gyms (id) on delete cascade,
    starts_on date not null,
    ends_on date not null,
    reason text not null constraint closure_reason_length_in_range check (length(reason) between 1 and 200),
    constraint closure_ends_after_it_starts check (ends_on >= starts_on)
);
create index gym_closures_by_gym on public.gym_closures (gym_id, starts_on);

alter table public.gyms
    -- The zone of the gym's académie; null where school holidays say nothing of who comes.
    add column school_zone text constraint school_zone_is_a_b_or_c check (school_zone in ('A', 'B', 'C')),
    -- Public holidays beyond those of the mainland; null on the mainland.
    add column holiday_region text
        constraint holiday_region_is_known check (
            holiday_region in ('alsace', 'moselle', 'guadeloupe', 'martinique', 'guyane', 'reunion', 'mayotte')
        );

alter table public.memberships
    -- The pause of a frozen membership; a frozen one without a first day counts from the day it began.
    add column frozen_from date,
    add column frozen_until date,
    add constraint membership_pause_has_a_first_day check (frozen_until is null or frozen_from is not null),
    add constraint membership_pause_ends_after_it_starts check (frozen_until >= frozen_from);

select app.protect_tenant_table('public.member_absences', array['jarvis_gateway', 'jarvis_dashboard', 'jarvis_analyst']);
select app.protect_tenant_table('public.gym_closures', array['jarvis_gateway', 'jarvis_dashboard', 'jarvis_analyst']);

-- When a member is away, never why: an injury is health data.
grant select (id, gym_id, member_id, starts_on, ends_on, source, created_at)
    on public.member_absences to jarvis_dashboard, jarvis_analyst;
grant select on public.gym_closures to jarvis_gateway, jarvis_dashboard, jarvis_analyst;
grant select, insert, update, delete on public.member_absences, public.gym_closures to jarvis_pipeline;

reset role;
