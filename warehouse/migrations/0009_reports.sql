-- Weekly reports and whether they reached anybody.

set local role jarvis_owner;

create table public.insights_reports (
    id uuid primary key default gen_random_uuid(),
    gym_id uuid references public.gyms (id) on delete cascade,
    -- Set, with no gym, for a report over all gyms of a franchise.
    franchise_id uuid references public.franchises (id) on delete cascade,
    report_type text not null
        constraint report_type_is_known check (report_type in ('daily', 'weekly', 'monthly', 'quarterly')),
    period_start timestamptz not null,
    period_end timestamptz not null,
    title text not null,
    summary text,
    insights jsonb,
    metrics jsonb,
    recommendations jsonb,
    trends jsonb,
    status text not null default 'draft'
        constraint report_status_is_known check (status in ('draft', 'published', 'archived')),
    generated_at timestamptz not null default now(),
    published_at timestamptz,
    constraint report_has_one_subject check ((gym_id is null) <> (franchise_id is null)),
    constraint report_period_is_not_empty check (period_end > period_start),
    constraint published_report_has_a_date check (status = 'draft' or published_at is not null),
    constraint report_is_made_once_per_period
        unique nulls not distinct (gym_id, franchise_id, report_type, period_start)
);
create index reports_by_gym on public.insights_reports (gym_id, period_start desc);
create index reports_by_franchise on public.insights_reports (franchise_id, period_start desc);

create table public.report_deliveries (
    id uuid primary key default gen_random_uuid(),
    -- Null for a report over all gyms of a franchise.
    gym_id uuid references public.gyms (id) on delete cascade,
    report_id uuid not null references public.insights_reports (id) on delete cascade,
    recipient_user_id uuid not null references public.users (id) on delete cascade,
    channel text not null constraint delivery_channel_is_known check (channel in ('email', 'dashboard')),
    status text not null
        constraint delivery_status_is_known check (status in ('sent', 'failed', 'bounced', 'suppressed')),
    reason text,
    attempted_at timestamptz not null default now()
);
create index report_deliveries_by_report on public.report_deliveries (report_id);
create index report_deliveries_by_recipient on public.report_deliveries (recipient_user_id);
create index report_deliveries_by_gym on public.report_deliveries (gym_id);

create function app.check_report_transition() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if new.status is distinct from old.status
        and (old.status, new.status) not in (('draft', 'published'), ('published', 'archived')) then
        raise exception 'report %: found a change from % to %, expected draft, published, archived in this order',
            old.id, old.status, new.status
            using errcode = 'check_violation';
    end if;
    return new;
end
$$;
revoke execute on function app.check_report_transition() from public;
create trigger report_transition_is_legal before update of status on public.insights_reports
    for each row execute function app.check_report_transition();

select app.protect_tenant_table('public.insights_reports', array['jarvis_gateway', 'jarvis_dashboard', 'jarvis_analyst']);
select app.protect_tenant_table('public.report_deliveries', array['jarvis_gateway', 'jarvis_dashboard', 'jarvis_analyst']);
create policy owners_read_franchise_reports on public.insights_reports for select to jarvis_dashboard
    using (gym_id is null and franchise_id = any ((select app.visible_franchise_ids())::uuid[]));

grant select on public.insights_reports, public.report_deliveries to jarvis_dashboard;
grant select (id, gym_id, franchise_id, report_type, period_start, period_end, metrics, status, generated_at, published_at)
    on public.insights_reports to jarvis_analyst;
grant select, insert, update, delete on public.insights_reports, public.report_deliveries to jarvis_pipeline;

reset role;
