-- Back to records that forget what they said before.
set local role jarvis_definer;
delete from app.retention_runs where rule_name = 'superseded_records';
delete from app.retention_rules where name = 'superseded_records';
reset role;

set local role jarvis_owner;
drop trigger date_pause on public.memberships;
drop trigger keep_superseded on public.gym_closures;
drop trigger keep_superseded on public.member_absences;
drop trigger keep_superseded on public.memberships;
drop trigger keep_superseded on public.gym_members_v2;
drop function app.date_pause();
drop function app.keep_superseded();
drop table public.superseded_records;
alter table public.gym_closures drop column created_at;
reset role;
