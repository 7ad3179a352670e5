-- A gym's voice budget is set by whoever manages the gym or runs the machine, and each change of it is on record.

set local role jarvis_owner;

-- In the trail by a trigger, because the command line writes the table itself.
create function app.note_voice_budget() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.audit_log (gym_id, actor_user_id, actor_role, action, subject_table, subject_id, details)
    values (
        new.id, auth.uid(), coalesce((select users.role from public.users where users.id = auth.uid()), session_user),
        'voice_budget_changed', 'gyms', new.id::text,
        jsonb_build_object(
            'from', jsonb_build_object('usd', old.voice_budget_usd, 'cheaper_share', old.voice_budget_cheaper_share),
            'to', jsonb_build_object('usd', new.voice_budget_usd, 'cheaper_share', new.voice_budget_cheaper_share)
        )
    );
    return null;
end
$$;
create trigger voice_budget_changes_are_audited
    after update of voice_budget_usd, voice_budget_cheaper_share on public.gyms
    for each row
    when (
        old.voice_budget_usd is distinct from new.voice_budget_usd
        or old.voice_budget_cheaper_share is distinct from new.voice_budget_cheaper_share
    )
    execute function app.note_voice_budget();

-- Null is a word here: no budget. So whether one is given is told beside it.
create function app.change_voice_budget(which uuid, is_given boolean, new_usd numeric, new_share numeric) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    if not app.may_manage_gym(which) then
        return false;
    end if;
    update public.gyms
    set voice_budget_usd = case when is_given then new_usd else voice_budget_usd end,
        voice_budget_cheaper_share = coalesce(new_share, voice_budget_cheaper_share)
    where gyms.id = which;
    return true;
end
$$;

alter function app.note_voice_budget() owner to jarvis_definer;
alter function app.change_voice_budget(uuid, boolean, numeric, numeric) owner to jarvis_definer;
revoke execute on function app.note_voice_budget(), app.change_voice_budget(uuid, boolean, numeric, numeric) from public;
grant execute on function app.change_voice_budget(uuid, boolean, numeric, numeric) to jarvis_dashboard;

reset role;
