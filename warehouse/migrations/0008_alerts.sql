-- What a manager should act on, with a workflow the database itself enforces.

set local role jarvis_owner;

create table public.manager_alerts (
    id uuid primary key default gen_random_uuid(),
    gym_id uuid not null references public.gyms (id) on delete cascade,
    member_id uuid,
    kiosk_id uuid,
    session_id uuid,
    alert_type text not null
        constraint alert_type_is_known check (
            alert_type in (
                'churn_risk', 'negative_feedback', 'equipment_issue', 'milestone', 'kiosk_offline', 'data_quality'
            )
        ),
    priority text not null default 'medium'
        constraint alert_priority_is_known check (priority in ('low', 'medium', 'high', 'urgent')),
    title text not null,
    description text,
    recommended_actions jsonb not null default '[]'::jsonb,
    -- The evidence: quoted turns, machine, zone, scores.
    context jsonb not null default '{}'::jsonb,
    status text not null default 'pending'
        constraint alert_status_is_known check (status in ('pending', 'in_progress', 'resolved', 'dismissed')),
    assigned_to uuid references public.users (id) on delete set null,
    resolved_at timestamptz,
    resolution_notes text,
    outcome_code text
        constraint alert_outcome_is_known
        check (outcome_code in ('solved', 'member_contacted', 'no_action_needed', 'false_alarm', 'duplicate')),
    -- The same cause gives the same key, and one open alert with a count instead of many alerts.
    dedup_key text not null,
    occurrence_count integer not null default 1 constraint occurrence_count_is_positive check (occurrence_count >= 1),
    last_occurred_at timestamptz not null default now(),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    constraint alert_belongs_to_a_member_of_its_gym
        foreign key (gym_id, member_id) references public.gym_members_v2 (gym_id, id) on delete cascade,
    constraint alert_belongs_to_a_kiosk_of_its_gym
        foreign key (gym_id, kiosk_id) references public.kiosks (gym_id, id) on delete cascade,
    constraint alert_belongs_to_a_session_of_its_gym
        foreign key (gym_id, session_id) references public.openai_realtime_sessions (gym_id, id)
        on delete set null (session_id),
    constraint closed_alert_has_an_end check ((status in ('resolved', 'dismissed')) = (resolved_at is not null))
);
create index alerts_by_gym_and_status on public.manager_alerts (gym_id, status, priority, last_occurred_at desc);
create index alerts_by_member on public.manager_alerts (gym_id, member_id);
create index alerts_by_kiosk on public.manager_alerts (gym_id, kiosk_id);
create index alerts_by_session on public.manager_alerts (gym_id, session_id);
create index alerts_by_assignee on public.manager_alerts (assigned_to);
create unique index one_open_alert_per_cause on public.manager_alerts (gym_id, dedup_key)
    where status in ('pending', 'in_progress');

create table public.audit_log (
    id bigint generated always as identity primary key,
    occurred_at timestamptz not null default now(),
    gym_id uuid,
    actor_user_id uuid,
    actor_role text not null,
    action text not null,
    subject_table text not null,
    subject_id text not null,
    details jsonb not null default '{}'::jsonb
);
create index audit_log_by_gym on public.audit_log (gym_id, occurred_at desc);
create index audit_log_by_subject on public.audit_log (subject_table, subject_id);

create function app.check_alert_transition() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if new.status is distinct from old.status and (old.status, new.status) not in (
        ('pending', 'in_progress'), ('pending', 'resolved'), ('pending', 'dismissed'),
        ('in_progress', 'pending'), ('in_progress', 'resolved'), ('in_progress', 'dismissed')
    ) then
        raise exception 'alert %: found a change from % to %, expected pending or in_progress before it: open a new alert',
            old.id, old.status, new.status
            using errcode = 'check_violation';
    end if;
    -- What was said at the end stands; only somebody who is no longer there goes from it.
    if old.status in ('resolved', 'dismissed') and (
        (new.resolution_notes, new.outcome_code) is distinct from (old.resolution_notes, old.outcome_code)
        or (new.assigned_to is distinct from old.assigned_to
            and (new.assigned_to is not null or exists (select from public.users where users.id = old.assigned_to)))
    ) then
        raise exception 'alert %: found a change of its ending, expected none once it is %: open a new alert',
            old.id, old.status
            using errcode = 'check_violation';
    end if;
    if new.status = 'dismissed' and old.status <> 'dismissed' and coalesce(trim(new.resolution_notes), '') = '' then
        raise exception 'alert %: found no reason for dismissing it, expected one in resolution_notes', old.id
            using errcode = 'check_violation';
    end if;
    -- A plain key on users would let one gym hand its alert to somebody of another.
    if new.assigned_to is distinct from old.assigned_to and new.assigned_to is not null
        and not coalesce(new.gym_id = any (app.gym_ids_seen_by(new.assigned_to)), false) then
        raise exception 'alert %: found an assignee who does not see its gym, expected one of its own people', old.id
            using errcode = 'check_violation';
    end if;
    if new.status is distinct from old.status then
        new.resolved_at := case when new.status in ('resolved', 'dismissed') then now() end;
        if new.status = 'pending' then
            new.assigned_to := null;
        end if;
        insert into public.audit_log (gym_id, actor_user_id, actor_role, action, subject_table, subject_id, details)
        values (
            new.gym_id, auth.uid(), session_user, 'alert_' || new.status, 'manager_alerts', new.id::text,
            jsonb_build_object(
                'from', old.status, 'to', new.status, 'outcome_code', new.outcome_code, 'assigned_to', new.assigned_to
            )
        );
    elsif (new.resolution_notes, new.outcome_code, new.assigned_to)
        is distinct from (old.resolution_notes, old.outcome_code, old.assigned_to) then
        -- That the notes changed, not their words: an audit trail outlives what people wrote.
        insert into public.audit_log (gym_id, actor_user_id, actor_role, action, subject_table, subject_id, details)
        values (
            new.gym_id, auth.uid(), session_user, 'alert_edited', 'manager_alerts', new.id::text,
            jsonb_build_object(
                'has_new_notes', new.resolution_notes is distinct from old.resolution_notes,
                'outcome_code', new.outcome_code,
                'assigned_from', old.assigned_to,
                'assigned_to', new.assigned_to
            )
        );
    end if;
    new.updated_at := now();
    return new;
end
$$;
alter function app.check_alert_transition() owner to jarvis_definer;
grant insert on public.audit_log to jarvis_definer;
revoke execute on function app.check_alert_transition() from public;
create trigger alert_transition_is_legal before update on public.manager_alerts
    for each row execute function app.check_alert_transition();

select app.protect_tenant_table('public.manager_alerts', array['jarvis_gateway', 'jarvis_dashboard', 'jarvis_analyst']);
select app.protect_tenant_table('public.audit_log', array['jarvis_gateway', 'jarvis_dashboard', 'jarvis_analyst']);
create policy managers_update on public.manager_alerts for update to jarvis_dashboard
    using (gym_id = any ((select app.managed_gym_ids())::uuid[]))
    with check (gym_id = any ((select app.managed_gym_ids())::uuid[]));

grant select on public.manager_alerts, public.audit_log to jarvis_dashboard;
grant update (status, assigned_to, resolution_notes, outcome_code) on public.manager_alerts to jarvis_dashboard;
grant select (id, gym_id, member_id, kiosk_id, session_id, alert_type, priority, status, resolved_at, outcome_code,
    occurrence_count, last_occurred_at, created_at, updated_at)
    on public.manager_alerts to jarvis_analyst;
grant select, insert, update, delete on public.manager_alerts to jarvis_pipeline;
-- Nobody updates or deletes what was done.
grant select, insert on public.audit_log to jarvis_pipeline;

reset role;
