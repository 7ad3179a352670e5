-- All or nothing again: whoever takes none of the kinds takes nothing. Made anew, with its columns in their old order.

-- As whoever migrates, who stands above row security; the owner does not.
create temporary table kept_preferences on commit drop as
select user_id, cardinality(unsubscribed_kinds) >= 5 as is_unsubscribed, quiet_from, quiet_until, updated_at
from public.mail_preferences;

set local role jarvis_owner;
drop table public.mail_preferences;

create table public.mail_preferences (
    user_id uuid primary key references public.users (id) on delete cascade,
    is_unsubscribed boolean not null default false,
    quiet_from time not null default '20:00',
    quiet_until time not null default '07:00',
    updated_at timestamptz not null default now()
);
alter table public.mail_preferences enable row level security;
alter table public.mail_preferences force row level security;
create policy jarvis_dashboard_reads on public.mail_preferences for select to jarvis_dashboard
    using (user_id = (select auth.uid()));
create policy jarvis_dashboard_inserts on public.mail_preferences for insert to jarvis_dashboard
    with check (user_id = (select auth.uid()));
create policy jarvis_dashboard_updates on public.mail_preferences for update to jarvis_dashboard
    using (user_id = (select auth.uid())) with check (user_id = (select auth.uid()));
grant select, insert (user_id, is_unsubscribed, quiet_from, quiet_until),
    update (is_unsubscribed, quiet_from, quiet_until, updated_at)
    on public.mail_preferences to jarvis_dashboard;
grant select, insert, update, delete on public.mail_preferences to jarvis_pipeline;

reset role;
insert into public.mail_preferences (user_id, is_unsubscribed, quiet_from, quiet_until, updated_at)
select user_id, is_unsubscribed, quiet_from, quiet_until, updated_at from kept_preferences;
