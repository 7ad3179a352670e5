-- Back to accounts that stay for ever.
set local role jarvis_definer;
delete from app.retention_runs where rule_name = 'accounts';
delete from app.retention_rules where name = 'accounts';
insert into app.retention_reasons (table_name, kept_while) values
    ('users', 'tant que le compte existe ; le journal dit qui l''a fermé');
reset role;
set local role jarvis_owner;
revoke select, delete on app.retention_reasons from jarvis_definer;
drop function app.forget_accounts(timestamptz, integer, boolean);
revoke delete on public.users from jarvis_definer;
drop trigger a_suspension_has_its_moment on public.users;
drop function app.note_suspension();
alter table public.users drop constraint suspended_since_some_moment;
alter table public.users drop column suspended_at;
reset role;
