-- Who reads an alert with the names in it: its description may be a member's words, and showing them is on record.

set local role jarvis_owner;

-- False where the person sees no such alert, or nothing of what members say; ids only, as app.note_unmasking.
create function app.note_alert_unmasking(of_alert uuid) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    at_gym uuid;
begin
    select alerts.gym_id into at_gym
    from public.manager_alerts as alerts
    where alerts.id = of_alert and alerts.gym_id = any (app.visible_gym_ids());
    if at_gym is null or not exists (
        select from public.users where users.id = auth.uid() and users.is_active and users.role <> 'analyst'
    ) then
        return false;
    end if;
    perform app.audit(at_gym, 'alert_unmasked', 'manager_alerts', of_alert::text, '{}'::jsonb);
    return true;
end
$$;

alter function app.note_alert_unmasking(uuid) owner to jarvis_definer;
revoke execute on function app.note_alert_unmasking(uuid) from public;
grant execute on function app.note_alert_unmasking(uuid) to jarvis_dashboard;

reset role;
