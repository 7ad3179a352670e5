-- What a gateway does for many kiosks at once, or must ask past its own gym: leases, lost tool calls, badges.

set local role jarvis_owner;

-- A gateway vouches for all its sessions in one statement; its instance id is a random uuid that only it knows.
create function app.renew_session_leases(instance text, valid_seconds integer) returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    renewed integer;
begin
    update public.openai_realtime_sessions as sessions
    set lease_until = now() + make_interval(secs => valid_seconds)
    where sessions.state = 'active' and sessions.gateway_instance = instance;
    get diagnostics renewed = row_count;
    return renewed;
end
$$;

-- A tool whose session is over and whose result never came may have run or not: nobody runs it again.
create function app.settle_lost_tool_calls() returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    settled integer;
begin
    update public.tool_calls as calls
    set status = 'unknown', finished_at = now()
    from public.openai_realtime_sessions as sessions
    where calls.session_id = sessions.id
        and calls.status = 'started'
        and sessions.state = 'closed'
        and sessions.ended_at < now() - interval '1 minute';
    get diagnostics settled = row_count;
    return settled;
end
$$;

-- What a badge is, seen from the kiosk of this transaction. A badge of another gym is named as such only within the
-- same franchise, and without its member: otherwise one client could ask about another one's badges.
create function app.identify_badge(scanned_badge text) returns table (outcome text, member_id uuid)
language sql stable security definer
set search_path = pg_catalog, pg_temp
begin atomic
    with kiosk as (
        select kiosks.gym_id, gyms.franchise_id
        from public.kiosks
        inner join public.gyms on kiosks.gym_id = gyms.id
        where kiosks.id = nullif(current_setting('app.kiosk_id', true), '')::uuid
    ),
    own as (
        select case when members.is_active then 'known' else 'inactive' end as outcome, members.id as member_id
        from public.gym_members_v2 as members
        inner join kiosk on members.gym_id = kiosk.gym_id
        where members.badge_id = scanned_badge
    ),
    elsewhere as (
        select 'other_gym'::text as outcome, null::uuid as member_id
        from public.gym_members_v2 as members
        inner join public.gyms on members.gym_id = gyms.id
        inner join kiosk on gyms.franchise_id = kiosk.franchise_id
        where members.badge_id = scanned_badge and members.gym_id <> kiosk.gym_id
        limit 1
    )
    select own.outcome, own.member_id from own
    union all
    select elsewhere.outcome, elsewhere.member_id from elsewhere where not exists (select from own)
    union all
    select 'unknown'::text, null::uuid
    where not exists (select from own) and not exists (select from elsewhere);
end;

alter function app.renew_session_leases(text, integer) owner to jarvis_definer;
alter function app.settle_lost_tool_calls() owner to jarvis_definer;
alter function app.identify_badge(text) owner to jarvis_definer;
grant select, update on public.tool_calls to jarvis_definer;
grant select on public.gym_members_v2 to jarvis_definer;
revoke execute on function
    app.renew_session_leases(text, integer), app.settle_lost_tool_calls(), app.identify_badge(text)
    from public;
grant execute on function
    app.renew_session_leases(text, integer), app.settle_lost_tool_calls(), app.identify_badge(text)
    to jarvis_gateway;

reset role;
