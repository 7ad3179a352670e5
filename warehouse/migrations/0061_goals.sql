-- What a member wants to reach, set by voice: close to health data, so no dashboard reads it.

set local role jarvis_owner;

create table public.member_goals (
    id uuid primary key default gen_random_uuid(),
    gym_id uuid not null,
    member_id uuid not null,
    -- Visits can be counted; anything else is kept in the member's own words.
    kind text not null constraint goal_kind_is_known check (kind in ('weekly_visits', 'total_visits', 'other')),
    target_count integer constraint goal_target_in_range check (target_count between 1 and 1000),
    description text not null constraint goal_description_length_in_range check (length(description) between 1 and 200),
    due_on date,
    status text not null default 'active'
        constraint goal_status_is_known check (status in ('active', 'replaced')),
    started_at timestamptz not null default now(),
    ended_at timestamptz,
    constraint counted_goal_has_a_target check ((kind = 'other') = (target_count is null)),
    constraint replaced_goal_has_an_end check ((status = 'replaced') = (ended_at is not null)),
    constraint goal_belongs_to_a_member_of_its_gym
        foreign key (gym_id, member_id) references public.gym_members_v2 (gym_id, id) on delete cascade
);
create unique index one_active_goal_of_a_kind on public.member_goals (gym_id, member_id, kind) where status = 'active';

create index member_goals_by_member on public.member_goals (gym_id, member_id, started_at desc);

-- Sets the session's member's goal in place of the one of the same kind; null where nobody is known.
create function app.set_member_goal(
    asking_session uuid, goal_kind text, goal_target integer, goal_description text, goal_due_on date
) returns uuid
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    owner_id uuid := app.session_member_id(asking_session);
    made uuid;
begin
    if owner_id is null then
        return null;
    end if;
    perform pg_advisory_xact_lock(hashtextextended(owner_id::text, 61));
    update public.member_goals as goals
    set status = 'replaced', ended_at = now()
    where goals.member_id = owner_id and goals.kind = goal_kind and goals.status = 'active';
    insert into public.member_goals as goals (gym_id, member_id, kind, target_count, description, due_on)
    select members.gym_id, members.id, goal_kind, goal_target, goal_description, goal_due_on
    from public.gym_members_v2 as members
    where members.id = owner_id
    returning goals.id into made;
    return made;
end
$$;
alter function app.set_member_goal(uuid, text, integer, text, date) owner to jarvis_definer;
grant select, insert, update on public.member_goals to jarvis_definer;
revoke execute on function app.set_member_goal(uuid, text, integer, text, date) from public;
grant execute on function app.set_member_goal(uuid, text, integer, text, date) to jarvis_gateway;

select app.protect_tenant_table('public.member_goals', array['jarvis_gateway', 'jarvis_dashboard', 'jarvis_analyst']);
grant select on public.member_goals to jarvis_gateway;
grant select, insert, update, delete on public.member_goals to jarvis_pipeline;

reset role;
