-- What a record said before it changed, so that a past day is seen with what was known then and nothing later.

set local role jarvis_owner;

alter table public.gym_closures
    -- When it was written down; null for those of before, which count as known from their own first day on.
    add column created_at timestamptz;
alter table public.gym_closures alter column created_at set default now();

-- One row per version that stands no more: of members only whether they were active, of the others what scores rest on.
create table public.superseded_records (
    id uuid primary key default gen_random_uuid(),
    gym_id uuid not null references public.gyms (id) on delete cascade,
    -- Null for what is the gym's own.
    member_id uuid,
    table_name text not null
        constraint superseded_table_keeps_versions
        check (table_name in ('gym_members_v2', 'memberships', 'member_absences', 'gym_closures')),
    record_id uuid not null,
    -- The columns as they were. Never why somebody is away: that may be health data.
    record jsonb not null,
    -- When it was changed or taken away.
    known_until timestamptz not null default now(),
    constraint superseded_record_belongs_to_a_member_of_its_gym
        foreign key (gym_id, member_id) references public.gym_members_v2 (gym_id, id) on delete cascade
);
create index superseded_records_by_member on public.superseded_records (gym_id, member_id, known_until);
create index superseded_records_by_age on public.superseded_records (known_until);

-- No grant to anybody but the pipeline, which scores: the policies are for whoever is granted one some day.
select app.protect_tenant_table('public.superseded_records', array['jarvis_gateway', 'jarvis_dashboard', 'jarvis_analyst']);
grant select, insert, update, delete on public.superseded_records to jarvis_pipeline;
grant insert on public.superseded_records to jarvis_definer;
grant select on public.gyms, public.gym_members_v2, app.retention_rules to jarvis_definer;

-- Keeps the named columns of a row that changed in one of them or was taken away. What goes with its member or gym is
-- erased, and an absence whose term is over is forgotten: neither leaves anything behind.
create function app.keep_superseded() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    was jsonb := to_jsonb(old);
    kept jsonb;
    of_member uuid;
begin
    select jsonb_object_agg(one.key, one.value) into kept from jsonb_each(was) as one where one.key = any (tg_argv);
    of_member := (was ->> case tg_table_name when 'gym_members_v2' then 'id' else 'member_id' end)::uuid;
    if tg_op = 'UPDATE' then
        if to_jsonb(new) @> kept then
            return null;
        end if;
    elsif tg_table_name = 'member_absences' then
        if old.ends_on <= current_date - (
            select rules.keep_days from app.retention_rules as rules where rules.name = 'absences'
        ) then
            return null;
        end if;
    end if;
    if not exists (select from public.gyms where gyms.id = old.gym_id)
        or (of_member is not null and not exists (select from public.gym_members_v2 where gym_members_v2.id = of_member))
    then
        return null;
    end if;
    insert into public.superseded_records (gym_id, member_id, table_name, record_id, record)
    values (old.gym_id, of_member, tg_table_name, old.id, kept);
    return null;
end
$$;
alter function app.keep_superseded() owner to jarvis_definer;
revoke execute on function app.keep_superseded() from public;

create trigger keep_superseded after update of is_active on public.gym_members_v2
    for each row execute function app.keep_superseded('is_active');
create trigger keep_superseded after update or delete on public.memberships
    for each row execute function app.keep_superseded(
        'plan', 'status', 'started_on', 'expires_on', 'cancelled_on', 'monthly_price_eur', 'frozen_from',
        'frozen_until', 'created_at'
    );
create trigger keep_superseded after update or delete on public.member_absences
    for each row execute function app.keep_superseded('starts_on', 'ends_on', 'created_at');
create trigger keep_superseded after update or delete on public.gym_closures
    for each row execute function app.keep_superseded('starts_on', 'ends_on', 'created_at');

-- A membership that is frozen from now on is paused from today, and one that runs again was until yesterday, in the
-- gym's own days, unless whoever changes it says other days.
create function app.date_pause() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    today date;
begin
    if (new.frozen_from, new.frozen_until) is distinct from (old.frozen_from, old.frozen_until) then
        return new;
    end if;
    select (now() at time zone gyms.timezone)::date into today from public.gyms where gyms.id = new.gym_id;
    if new.status = 'frozen' and coalesce(new.frozen_until < today, new.frozen_from is null) then
        new.frozen_from := today;
        new.frozen_until := null;
    elsif old.status = 'frozen' and coalesce(new.frozen_until >= today, true) then
        new.frozen_from := coalesce(new.frozen_from, new.started_on);
        if new.frozen_from < today then
            new.frozen_until := today - 1;
        else
            new.frozen_from := null;
            new.frozen_until := null;
        end if;
    end if;
    return new;
end
$$;
alter function app.date_pause() owner to jarvis_definer;
revoke execute on function app.date_pause() from public;

create trigger date_pause before update of status on public.memberships
    for each row when (old.status is distinct from new.status and 'frozen' in (old.status, new.status))
    execute function app.date_pause();
reset role;

set local role jarvis_definer;
insert into app.retention_rules (name, table_name, purpose, legal_basis, keep_days, action, position) values
    (
        'superseded_records', 'superseded_records', 'Refaire le score d''un jour passé avec ce que l''on savait alors',
        'consentement', 365, 'delete', 43
    );
reset role;
