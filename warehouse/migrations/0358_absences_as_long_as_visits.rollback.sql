-- Back to absences that go a year after their end, and never without one.
set local role jarvis_definer;
delete from app.retention_runs where rule_name = 'absence_days';
delete from app.retention_rules where name = 'absence_days';
update app.retention_rules set action = 'delete', purpose = 'Ne pas prendre une absence annoncée pour un départ'
where name = 'absences';
reset role;

set local role jarvis_owner;
revoke update (action, purpose) on app.retention_rules from jarvis_definer;
create or replace function app.keep_superseded() returns trigger
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
reset role;
