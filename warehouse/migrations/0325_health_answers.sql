-- A question about health is answered from what members agreed to have kept, or declined where nobody did.

set local role jarvis_owner;

-- No row for a gym that the person does not see.
create function app.members_keeping_health(of_gym uuid) returns setof uuid
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
    select distinct consents.member_id
    from public.consents
    where consents.gym_id = of_gym
        and consents.gym_id = any (app.visible_gym_ids())
        and consents.purpose = 'health'
        and app.keeps_health(consents.gym_id, consents.member_id);
end;

alter function app.members_keeping_health(uuid) owner to jarvis_definer;
revoke execute on function app.members_keeping_health(uuid) from public;
grant execute on function app.keeps_health(uuid, uuid) to jarvis_definer;
grant execute on function app.members_keeping_health(uuid) to jarvis_dashboard;

reset role;
