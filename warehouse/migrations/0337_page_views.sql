-- Who uses which page: a count per person, page and day, without what stood on it; read by who runs the network alone.

set local role jarvis_owner;

create table app.page_views (
    id bigint generated always as identity primary key,
    user_id uuid not null references public.users (id) on delete cascade,
    -- The page's own name in its address, never what was asked of it.
    page text not null constraint page_is_a_name check (page ~ '^[a-z][a-z0-9-]{0,39}$'),
    -- In UTC.
    viewed_date date not null default current_date,
    view_count integer not null default 1 constraint view_count_is_positive check (view_count > 0),
    constraint page_view_is_counted_once_a_day unique (user_id, page, viewed_date)
);
create index page_views_by_date on app.page_views (viewed_date);
alter table app.page_views enable row level security;
alter table app.page_views force row level security;
grant select, insert, update on app.page_views to jarvis_definer;
-- Retention.
grant select, delete on app.page_views to jarvis_pipeline;

-- The person of the transaction has arrived at a page; nobody counts for somebody else.
create function app.note_page_view(of_page text) returns boolean
language sql security definer
set search_path = pg_catalog, pg_temp
begin atomic
    insert into app.page_views as views (user_id, page)
    select users.id, of_page from public.users where users.id = auth.uid() and users.is_active
    on conflict on constraint page_view_is_counted_once_a_day do update set view_count = views.view_count + 1
    returning true;
end;

-- Per person and page since a day; nothing for whoever does not run the network.
create function app.page_views_since(first_date date)
returns table (
    user_id uuid, full_name text, email text, role text, gym_name text, page text, view_count bigint, day_count bigint,
    last_date date
)
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
    select
        users.id, users.full_name, users.email, users.role, gyms.name, views.page, sum(views.view_count),
        count(*), max(views.viewed_date)
    from app.page_views as views
    inner join public.users on views.user_id = users.id
    left join public.gyms on users.gym_id = gyms.id
    where views.viewed_date >= first_date and app.is_super_admin()
    group by users.id, users.full_name, users.email, users.role, gyms.name, views.page;
end;

alter function app.note_page_view(text) owner to jarvis_definer;
alter function app.page_views_since(date) owner to jarvis_definer;
revoke execute on function app.note_page_view(text), app.page_views_since(date) from public;
grant execute on function app.note_page_view(text), app.page_views_since(date) to jarvis_dashboard;
grant select, delete on app.retention_rules, app.retention_runs to jarvis_definer;

reset role;

set local role jarvis_definer;

insert into app.retention_rules
    (name, table_name, purpose, legal_basis, keep_days, action, position, is_by_gym)
values
    ('page_views', 'page_views', 'Savoir quelles pages servent', 'intérêt légitime', 90, 'delete', 80, false);

reset role;
