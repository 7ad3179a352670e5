-- The week's alerts of a gym in one place: what was left over by the budget, and who was told by e-mail.

set local role jarvis_owner;

create table public.alert_digests (
    id uuid primary key default gen_random_uuid(),
    gym_id uuid not null references public.gyms (id) on delete cascade,
    -- The Monday of the week it is about.
    week_starts_on date not null,
    -- Ids, counts and reasons; names are looked up when it is read.
    content jsonb not null,
    made_at timestamptz not null default now(),
    constraint digest_is_made_once_a_week unique (gym_id, week_starts_on),
    constraint digest_is_addressable_by_gym unique (gym_id, id)
);

create table public.alert_digest_deliveries (
    id uuid primary key default gen_random_uuid(),
    gym_id uuid not null,
    digest_id uuid not null,
    recipient_user_id uuid not null references public.users (id) on delete cascade,
    status text not null
        constraint digest_delivery_status_is_known check (status in ('sent', 'failed', 'bounced', 'suppressed')),
    attempt_count integer not null default 1 constraint digest_attempts_are_positive check (attempt_count >= 1),
    -- Why it was not sent; null once it was.
    reason text,
    attempted_at timestamptz not null,
    constraint digest_goes_once_to_a_person unique (gym_id, digest_id, recipient_user_id),
    constraint delivery_belongs_to_a_digest_of_its_gym
        foreign key (gym_id, digest_id) references public.alert_digests (gym_id, id) on delete cascade
);
create index alert_digest_deliveries_by_recipient on public.alert_digest_deliveries (recipient_user_id);

select app.protect_tenant_table('public.alert_digests', array['jarvis_gateway', 'jarvis_dashboard', 'jarvis_analyst']);
select app.protect_tenant_table(
    'public.alert_digest_deliveries', array['jarvis_gateway', 'jarvis_dashboard', 'jarvis_analyst']
);
grant select on public.alert_digests, public.alert_digest_deliveries to jarvis_dashboard;
grant select, insert, update, delete on public.alert_digests, public.alert_digest_deliveries to jarvis_pipeline;

reset role;
