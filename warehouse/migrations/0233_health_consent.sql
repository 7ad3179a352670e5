-- Whether an analysis may keep what a member said of their health: only where they agreed to it in so many words.

set local role jarvis_owner;

-- Nobody's record grows where nobody is known; no answer is no.
create function app.keeps_health(of_gym uuid, of_member uuid) returns boolean
language sql stable
set search_path = pg_catalog, pg_temp
return of_member is null or coalesce(
    (
        select consents.is_granted
        from public.consents
        where consents.gym_id = of_gym and consents.member_id = of_member and consents.purpose = 'health'
        order by consents.recorded_at desc, consents.id desc
        limit 1
    ),
    false
);
revoke execute on function app.keeps_health(uuid, uuid) from public;
grant execute on function app.keeps_health(uuid, uuid) to jarvis_pipeline;

reset role;
