-- Nobody's pages are counted.
set local role jarvis_definer;
delete from app.retention_runs where rule_name = 'page_views';
delete from app.retention_rules where name = 'page_views';
reset role;

set local role jarvis_owner;

drop function app.page_views_since(date);
drop function app.note_page_view(text);
drop table app.page_views;

reset role;
