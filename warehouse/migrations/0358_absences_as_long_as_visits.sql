-- An absence's reason goes after a year, without an end too; its days stay as long as the visits that training reads beside them.

set local role jarvis_owner;

-- As in 0350, and an absence without an end is counted from the day it was declared.
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
        if coalesce(old.ends_on, old.created_at::date) <= current_date - (
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
-- So that the rule may say what becomes of its rows now.
grant update (action, purpose) on app.retention_rules to jarvis_definer;
reset role;

set local role jarvis_definer;
-- The reason may be an injury, and nothing reads it: after its term it says « other ».
update app.retention_rules set action = 'aggregate', purpose = 'Connaître la raison d''une absence annoncée'
where name = 'absences';
insert into app.retention_rules (name, table_name, purpose, legal_basis, keep_days, action, position) values
    (
        'absence_days', 'member_absences', 'Ne pas prendre une absence annoncée pour un départ, tant que les venues sont connues',
        'consentement', 1095, 'delete', 44
    );
reset role;
