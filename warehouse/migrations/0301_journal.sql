-- Who reads a transcript is on record: the questions that read one go through this, so that there is no other way.

set local role jarvis_owner;

-- False where the person sees no such conversation, or nothing of what members say. A page that is looked at again
-- within ten minutes is the same reading.
create function app.note_reading(of_session uuid) returns boolean
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
    if not exists (
        select from public.audit_log as trail
        where trail.subject_table = 'openai_realtime_sessions'
            and trail.subject_id = of_session::text
            and trail.actor_user_id = auth.uid()
            and trail.action = 'conversation.read'
            and trail.occurred_at > now() - interval '10 minutes'
    ) then
        perform app.audit(at_gym, 'conversation.read', 'openai_realtime_sessions', of_session::text, '{}'::jsonb);
    end if;
    return true;
end
$$;

alter function app.note_reading(uuid) owner to jarvis_definer;
revoke execute on function app.note_reading(uuid) from public;
grant execute on function app.note_reading(uuid) to jarvis_dashboard;
-- To find the reading before.
grant select on public.audit_log to jarvis_definer;

reset role;
