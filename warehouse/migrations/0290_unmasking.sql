-- Who reads a conversation with its names: the pages mask them, and showing them is on record.

set local role jarvis_owner;

-- False where the person sees no such conversation, or nothing of what members say; ids only, as app.audit.
create function app.note_unmasking(of_session uuid) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    at_gym uuid;
begin
    select sessions.gym_id into at_gym
    from public.openai_realtime_sessions as sessions
    where sessions.id = of_session and sessions.gym_id = any (app.visible_gym_ids());
    if at_gym is null or not exists (
        select from public.users where users.id = auth.uid() and users.is_active and users.role <> 'analyst'
    ) then
        return false;
    end if;
    perform app.audit(at_gym, 'conversation.unmasked', 'openai_realtime_sessions', of_session::text, '{}'::jsonb);
    return true;
end
$$;

alter function app.note_unmasking(uuid) owner to jarvis_definer;
revoke execute on function app.note_unmasking(uuid) from public;
grant execute on function app.note_unmasking(uuid) to jarvis_dashboard;

reset role;
