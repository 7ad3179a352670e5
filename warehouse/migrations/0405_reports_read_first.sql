-- A gym, or a franchise, may read its reports before they are sent: they stay drafts until somebody publishes them.

set local role jarvis_owner;

alter table public.gyms add column reads_reports_first boolean not null default false;
alter table public.franchises add column reads_reports_first boolean not null default false;

-- Of a gym, or of a franchise's own report; the other is null. False: the person sees no such gym or franchise.
create function app.change_report_settings(which_gym uuid, which_franchise uuid, reads_first boolean) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    was_read_first boolean;
begin
    if which_gym is not null then
        if not app.may_manage_gym(which_gym) then
            return false;
        end if;
        select gyms.reads_reports_first into was_read_first from public.gyms where gyms.id = which_gym for update;
        update public.gyms set reads_reports_first = reads_first where gyms.id = which_gym;
    else
        if not coalesce(which_franchise = any (app.visible_franchise_ids()), false) then
            return false;
        end if;
        if not exists (
            select from public.users
            where users.id = auth.uid() and users.is_active and users.role in ('super_admin', 'franchise_owner')
        ) then
            raise exception 'found a person who only sees this franchise, expected its owner'
                using errcode = 'insufficient_privilege';
        end if;
        select franchises.reads_reports_first into was_read_first
        from public.franchises where franchises.id = which_franchise for update;
        update public.franchises set reads_reports_first = reads_first where franchises.id = which_franchise;
    end if;
    if reads_first is distinct from was_read_first then
        perform app.audit(
            which_gym, 'report_settings_changed', case when which_gym is null then 'franchises' else 'gyms' end,
            coalesce(which_gym, which_franchise)::text,
            jsonb_build_object('from', was_read_first, 'to', reads_first)
        );
    end if;
    return true;
end
$$;
alter function app.change_report_settings(uuid, uuid, boolean) owner to jarvis_definer;
revoke execute on function app.change_report_settings(uuid, uuid, boolean) from public;
grant execute on function app.change_report_settings(uuid, uuid, boolean) to jarvis_dashboard;

reset role;
