-- What members hand to the team by voice, with the machines they speak of: on the manager's page at once.

set local role jarvis_owner;

create table public.gym_machines (
    id uuid primary key default gen_random_uuid(),
    gym_id uuid not null references public.gyms (id) on delete cascade,
    -- As people call it, without its number: « tapis », « vélo ».
    name text not null,
    -- What stands on the machine; null where there is one of its kind.
    number integer constraint machine_number_is_positive check (number >= 1),
    zone text not null,
    constraint machine_stands_once_in_its_gym unique nulls not distinct (gym_id, name, number)
);

alter table public.manager_alerts add constraint alert_is_addressable_by_gym unique (gym_id, id);

create table public.staff_requests (
    id uuid primary key default gen_random_uuid(),
    gym_id uuid not null,
    kiosk_id uuid not null,
    session_id uuid not null,
    -- Null without a known badge.
    member_id uuid,
    call_id text not null,
    kind text not null
        constraint request_kind_is_known check (kind in ('issue', 'praise', 'suggestion', 'complaint', 'hand_over')),
    topic text not null,
    text text not null constraint request_text_length_in_range check (length(text) between 1 and 500),
    machine text,
    zone text,
    -- The alert it became; null for what asks for nothing, such as praise.
    alert_id uuid,
    created_at timestamptz not null default now(),
    constraint request_is_made_once unique (gym_id, session_id, call_id),
    constraint request_belongs_to_a_session_of_its_gym
        foreign key (gym_id, session_id) references public.openai_realtime_sessions (gym_id, id) on delete cascade,
    constraint request_belongs_to_a_kiosk_of_its_gym
        foreign key (gym_id, kiosk_id) references public.kiosks (gym_id, id) on delete cascade,
    constraint request_belongs_to_a_member_of_its_gym
        foreign key (gym_id, member_id) references public.gym_members_v2 (gym_id, id) on delete set null (member_id),
    constraint request_belongs_to_an_alert_of_its_gym
        foreign key (gym_id, alert_id) references public.manager_alerts (gym_id, id) on delete set null (alert_id)
);
create index staff_requests_by_time on public.staff_requests (gym_id, created_at desc);
create index staff_requests_by_session on public.staff_requests (gym_id, session_id);
create index staff_requests_by_member on public.staff_requests (gym_id, member_id);
create index staff_requests_by_kiosk on public.staff_requests (gym_id, kiosk_id);
create index staff_requests_by_alert on public.staff_requests (gym_id, alert_id);

-- Keeps a request of an open session of this transaction's kiosk, and raises its alert or adds to the open one of the
-- same cause. Answers the request's id, the same for the same call; null when the session is not this kiosk's.
-- The wording and the key come from jarvis/requests.py; whose it is comes from the session alone.
create function app.ask_staff(asking_session uuid, asking_call text, request jsonb, alert jsonb) returns uuid
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    session public.openai_realtime_sessions;
    asker uuid := app.session_member_id(asking_session);
    made uuid;
    raised uuid;
    evidence jsonb;
begin
    select sessions.* into session
    from public.openai_realtime_sessions as sessions
    where sessions.id = asking_session
        and sessions.kiosk_id = nullif(current_setting('app.kiosk_id', true), '')::uuid
        and sessions.state = 'active';
    if session.id is null then
        return null;
    end if;
    insert into public.staff_requests as requests
        (gym_id, kiosk_id, session_id, member_id, call_id, kind, topic, text, machine, zone)
    values (
        session.gym_id, session.kiosk_id, session.id, asker, asking_call, request ->> 'kind', request ->> 'topic',
        request ->> 'text', request ->> 'machine', request ->> 'zone'
    )
    on conflict on constraint request_is_made_once do nothing
    returning requests.id into made;
    if made is null then
        return (
            select requests.id from public.staff_requests as requests
            where requests.gym_id = session.gym_id and requests.session_id = session.id
                and requests.call_id = asking_call
        );
    end if;
    if alert is null then
        return made;
    end if;
    if alert ->> 'alert_type' not in ('equipment_issue', 'negative_feedback') then
        raise exception 'found an alert of type %, expected equipment_issue or negative_feedback', alert ->> 'alert_type'
            using errcode = 'check_violation';
    end if;
    -- The latest words are the evidence, as the alerts of the analysis quote theirs.
    evidence := coalesce(alert -> 'details', '{}'::jsonb) || jsonb_build_object(
        'session_ids', jsonb_build_array(session.id),
        'turns', (
            select coalesce(jsonb_agg(jsonb_build_object(
                'turn_id', latest.id, 'text', latest.text, 'said_at', latest.started_at
            )), '[]'::jsonb)
            from (
                select turns.id, turns.text, turns.started_at
                from public.session_turns as turns
                where turns.gym_id = session.gym_id and turns.session_id = session.id and turns.role = 'member'
                    and turns.status <> 'failed' and trim(turns.text) <> ''
                order by turns.position desc, turns.started_at desc
                limit 1
            ) as latest
        )
    );
    insert into public.manager_alerts as alerts (
        gym_id, member_id, kiosk_id, session_id, alert_type, priority, title, description, recommended_actions, context,
        dedup_key, last_occurred_at
    )
    values (
        session.gym_id, case when (alert ->> 'is_personal')::boolean then asker end,
        case when (alert ->> 'is_personal')::boolean then session.kiosk_id end, session.id, alert ->> 'alert_type',
        alert ->> 'priority', alert ->> 'title', alert ->> 'description', alert -> 'recommended_actions', evidence,
        -- One alert for each unhappy member, as the alerts of the analysis count them; a stranger is a session.
        replace(alert ->> 'dedup_key', session.id::text, coalesce(asker, session.id)::text), now()
    )
    on conflict (gym_id, dedup_key) where status in ('pending', 'in_progress') do update
    set occurrence_count = alerts.occurrence_count
            + (not coalesce((alerts.context -> 'session_ids') @> (excluded.context -> 'session_ids'), false))::integer,
        last_occurred_at = excluded.last_occurred_at,
        priority = case
            when array_position(array['low', 'medium', 'high', 'urgent'], excluded.priority)
                > array_position(array['low', 'medium', 'high', 'urgent'], alerts.priority)
                then excluded.priority
            else alerts.priority
        end,
        context = alerts.context || excluded.context || jsonb_build_object(
            'session_ids', (
                select jsonb_agg(distinct sessions.id)
                from jsonb_array_elements(
                    coalesce(alerts.context -> 'session_ids', '[]'::jsonb) || (excluded.context -> 'session_ids')
                ) as sessions (id)
            ),
            'turns', (
                select coalesce(jsonb_agg(quoted.turn order by quoted.turn ->> 'said_at'), '[]'::jsonb)
                from (
                    select distinct on (every.turn ->> 'turn_id') every.turn
                    from jsonb_array_elements(
                        coalesce(alerts.context -> 'turns', '[]'::jsonb) || (excluded.context -> 'turns')
                    ) as every (turn)
                ) as quoted
            )
        )
    returning alerts.id into raised;
    update public.staff_requests as requests set alert_id = raised where requests.id = made;
    return made;
end
$$;
alter function app.ask_staff(uuid, text, jsonb, jsonb) owner to jarvis_definer;
grant select, insert, update on public.staff_requests, public.manager_alerts to jarvis_definer;
grant select on public.session_turns to jarvis_definer;
revoke execute on function app.ask_staff(uuid, text, jsonb, jsonb) from public;
grant execute on function app.ask_staff(uuid, text, jsonb, jsonb) to jarvis_gateway;

select app.protect_tenant_table('public.gym_machines', array['jarvis_gateway', 'jarvis_dashboard', 'jarvis_analyst']);
select app.protect_tenant_table('public.staff_requests', array['jarvis_gateway', 'jarvis_dashboard', 'jarvis_analyst']);
grant select on public.gym_machines to jarvis_gateway, jarvis_dashboard, jarvis_analyst;
grant select on public.staff_requests to jarvis_dashboard;
grant select (id, gym_id, kiosk_id, session_id, kind, topic, machine, zone, alert_id, created_at)
    on public.staff_requests to jarvis_analyst;
grant select, insert, update, delete on public.gym_machines, public.staff_requests to jarvis_pipeline;

reset role;
