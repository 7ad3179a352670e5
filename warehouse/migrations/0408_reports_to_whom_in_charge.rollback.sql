-- A gym's report waits for its managers alone again.
set local role jarvis_owner;

create or replace function app.move_report(of_report uuid, seen_status text, to_status text) returns boolean
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    found_report record;
begin
    select reports.gym_id, reports.franchise_id, reports.status into found_report
    from public.insights_reports as reports
    where reports.id = of_report
        and (
            reports.gym_id = any (app.visible_gym_ids())
            or (reports.gym_id is null and reports.franchise_id = any (app.visible_franchise_ids()))
        )
    for update;
    if not found or found_report.status <> seen_status then
        return false;
    end if;
    if not (
        coalesce(found_report.gym_id = any (app.managed_gym_ids()), false)
        or (
            found_report.gym_id is null
            and exists (
                select from public.users
                where users.id = auth.uid() and users.is_active and users.role in ('super_admin', 'franchise_owner')
            )
        )
    ) then
        raise exception 'found a person who only reads this report, expected one who manages its gym or franchise'
            using errcode = 'insufficient_privilege';
    end if;
    update public.insights_reports
    set status = to_status, published_at = case when to_status = 'published' then now() else published_at end
    where id = of_report;
    if to_status = 'published' then
        -- It waits for everybody it concerns, as the pipeline's own.
        insert into public.report_deliveries (gym_id, report_id, recipient_user_id, channel, status, due_at, attempted_at)
        select found_report.gym_id, of_report, users.id, 'email', 'waiting', now(), now()
        from public.users
        where users.is_active
            and (
                (users.role = 'gym_manager' and users.gym_id = found_report.gym_id)
                or (
                    found_report.gym_id is null
                    and users.role = 'franchise_owner'
                    and users.franchise_id = found_report.franchise_id
                )
            )
        on conflict on constraint report_is_delivered_once do nothing;
    end if;
    perform app.audit(
        found_report.gym_id, 'report_' || to_status, 'insights_reports', of_report::text,
        jsonb_build_object('from', seen_status, 'to', to_status)
    );
    return true;
end
$$;

revoke select on app.people_in_charge from jarvis_definer;

reset role;
