-- A gym says how much of what was said it keeps once it is analysed; each session bears the level it was held under.

set local role jarvis_owner;

alter table public.gyms
    add column storage_level text not null default 'all'
        constraint gym_storage_level_is_known check (storage_level in ('all', 'without_personal_data', 'metadata_only'));

alter table public.openai_realtime_sessions
    add column storage_level text not null default 'all'
        constraint session_storage_level_is_known
        check (storage_level in ('all', 'without_personal_data', 'metadata_only')),
    -- When its words were redacted; null while they still have to be, and where they need not.
    add column words_redacted_at timestamptz;
create index sessions_with_a_storage_level on public.openai_realtime_sessions (ended_at)
    where storage_level <> 'all' and state = 'closed';

-- A change holds from the next session on: what a member was told at the start of theirs stays true to its end.
create function app.stamp_storage_level() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    new.storage_level := coalesce(
        (select gyms.storage_level from public.gyms where gyms.id = new.gym_id), new.storage_level
    );
    return new;
end
$$;
create trigger session_bears_its_gyms_storage_level before insert on public.openai_realtime_sessions
    for each row execute function app.stamp_storage_level();

-- In the trail by a trigger, because the command line writes the table itself.
create function app.note_storage_level() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.audit_log (gym_id, actor_user_id, actor_role, action, subject_table, subject_id, details)
    values (
        new.id, auth.uid(), coalesce((select users.role from public.users where users.id = auth.uid()), session_user),
        'storage_level_changed', 'gyms', new.id::text,
        jsonb_build_object('from', old.storage_level, 'to', new.storage_level)
    );
    return null;
end
$$;
create trigger storage_level_changes_are_audited after update of storage_level on public.gyms
    for each row when (old.storage_level is distinct from new.storage_level)
    execute function app.note_storage_level();

alter function app.stamp_storage_level() owner to jarvis_definer;
alter function app.note_storage_level() owner to jarvis_definer;
revoke execute on function app.stamp_storage_level(), app.note_storage_level() from public;

reset role;
