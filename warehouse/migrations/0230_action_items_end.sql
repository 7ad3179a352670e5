-- Somebody takes on what is to be done and ends it: who, when and by whom, as with alerts; only people do, never the analysis.

set local role jarvis_owner;

alter table public.action_items
    -- Who does it; `owner` says what kind of person should.
    add column assigned_to uuid references public.users (id) on delete set null,
    add column closed_by uuid references public.users (id) on delete set null,
    add column updated_at timestamptz not null default now();
create index action_items_by_assignee on public.action_items (assigned_to);
create index action_items_by_closer on public.action_items (closed_by);

update public.action_items
set closed_at = case when state <> 'open' then coalesce(closed_at, created_at) end
where (state <> 'open') is distinct from (closed_at is not null);

alter table public.action_items
    add constraint closed_action_has_an_end check ((state <> 'open') = (closed_at is not null));

create function app.check_action_item() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if new.state is distinct from old.state and (old.state, new.state) not in (
        ('open', 'done'), ('open', 'dismissed'), ('done', 'open'), ('dismissed', 'open')
    ) then
        raise exception 'action item %: found a change from % to %, expected open in between: open it again first',
            old.id, old.state, new.state
            using errcode = 'check_violation';
    end if;
    -- The analysis writes and forgets what is open; whether it is done is for somebody to say.
    if new.state is distinct from old.state and auth.uid() is null then
        raise exception 'action item %: found nobody who made it %, expected a person', old.id, new.state
            using errcode = 'check_violation';
    end if;
    -- Only somebody who is no longer there goes from what is closed.
    if old.state <> 'open' and new.state = old.state and (
        new.due_date is distinct from old.due_date
        or (new.assigned_to is distinct from old.assigned_to
            and (new.assigned_to is not null or exists (select from public.users where users.id = old.assigned_to)))
    ) then
        raise exception 'action item %: found a change of it, expected none once it is %: open it again first',
            old.id, old.state
            using errcode = 'check_violation';
    end if;
    -- A plain key on users would let one gym hand its work to somebody of another.
    if new.assigned_to is distinct from old.assigned_to and new.assigned_to is not null
        and not coalesce(new.gym_id = any (app.gym_ids_seen_by(new.assigned_to)), false) then
        raise exception 'action item %: found an assignee who does not see its gym, expected one of its own people', old.id
            using errcode = 'check_violation';
    end if;
    if new.state is distinct from old.state then
        new.closed_at := case when new.state <> 'open' then now() end;
        new.closed_by := case when new.state <> 'open' then auth.uid() end;
        -- In somebody's hands, an analysis leaves it alone.
        if new.state = 'open' then
            new.assigned_to := coalesce(new.assigned_to, auth.uid());
        end if;
        perform app.audit(
            new.gym_id, 'action_item_' || case new.state when 'open' then 'reopened' else new.state end,
            'action_items', new.id::text,
            jsonb_build_object(
                'session_id', new.session_id, 'from', old.state, 'to', new.state, 'assigned_to', new.assigned_to
            )
        );
    elsif (new.assigned_to, new.due_date) is distinct from (old.assigned_to, old.due_date) then
        perform app.audit(
            new.gym_id, 'action_item_edited', 'action_items', new.id::text,
            jsonb_build_object(
                'session_id', new.session_id, 'assigned_from', old.assigned_to, 'assigned_to', new.assigned_to,
                'due_date', new.due_date
            )
        );
    end if;
    new.updated_at := now();
    return new;
end
$$;
alter function app.check_action_item() owner to jarvis_definer;
revoke execute on function app.check_action_item() from public;
create trigger action_item_goes_its_legal_way before update on public.action_items
    for each row execute function app.check_action_item();

-- When and by whom are the database's to say.
revoke update (closed_at) on public.action_items from jarvis_dashboard;
grant update (assigned_to, due_date) on public.action_items to jarvis_dashboard;

reset role;
