-- Privacy: words that are forgotten, members who are shown or erased all that is kept of them.

-- forget_turns --
-- What was said in these sessions is gone; who spoke when, and the labels, stay.
update public.session_turns
set text = '', generated_text = null
where session_id = any (%(session_ids)s::uuid[]) and (text <> '' or generated_text is not null);

-- forget_events --
-- The protocol's log of these sessions is gone: it repeats every word.
delete from public.realtime_events
where session_id = any (%(session_ids)s::uuid[]);

-- forget_tool_calls --
-- That a tool was called stays; what it was asked and answered is gone.
update public.tool_calls
set arguments = '{}'::jsonb, output = null
where session_id = any (%(session_ids)s::uuid[]) and (arguments <> '{}'::jsonb or output is not null);

-- forget_summaries --
-- The summary, the vector and what was quoted are gone; labels, evidence's turn ids and figures stay.
update public.conversation_summaries
set summary_text = null, embedding = null, action_items = null, issues = null, words_forgotten_at = now()
where session_id = any (%(session_ids)s::uuid[]) and words_forgotten_at is null;

-- forget_paid_replies --
-- What a hosted model answered about these sessions is gone.
delete from app.paid_replies
where session_id = any (%(session_ids)s::uuid[]);

-- forget_action_items --
-- What was to be done is gone with the words it was said in.
delete from public.action_items
where session_id = any (%(session_ids)s::uuid[]);

-- forget_requests --
-- A request keeps its kind, topic and place.
update public.staff_requests
set text = '—'
where session_id = any (%(session_ids)s::uuid[]) and text <> '—';

-- forget_quotes --
-- Alerts name the turns they rest on, and no longer what was said in them.
update public.manager_alerts as alerts
set context = jsonb_set(
        alerts.context, '{turns}',
        (
            select coalesce(
                jsonb_agg(
                    case when turns.id is null then quoted.turn else quoted.turn || '{"text": ""}'::jsonb end
                    order by quoted.place
                ),
                '[]'::jsonb
            )
            from jsonb_array_elements(alerts.context -> 'turns') with ordinality as quoted (turn, place)
            left join public.session_turns as turns
                on turns.gym_id = alerts.gym_id
                and turns.session_id = any (%(session_ids)s::uuid[])
                and turns.id::text = quoted.turn ->> 'turn_id'
        )
    )
where alerts.gym_id = any (%(gym_ids)s::uuid[])
    and jsonb_typeof(alerts.context -> 'turns') = 'array'
    and alerts.context -> 'session_ids' ?| %(session_keys)s::text[];

-- mark_forgotten --
-- These sessions have no words left.
update public.openai_realtime_sessions
set words_forgotten_at = now()
where id = any (%(session_ids)s::uuid[]) and words_forgotten_at is null;

-- forget_request_alerts --
-- An alert that repeats a request in its own words keeps its title.
update public.manager_alerts as alerts
set description = null
from public.staff_requests as requests
where requests.session_id = any (%(session_ids)s::uuid[])
    and requests.gym_id = alerts.gym_id
    and requests.alert_id = alerts.id
    and alerts.description is not null;

-- find_member --
-- The member, locked until the transaction ends.
select members.gym_id
from public.gym_members_v2 as members
where members.id = %(member_id)s::uuid
for update;

-- sessions_of_member --
-- Every session the member held, open ones too.
select sessions.id, sessions.gym_id, sessions.state
from public.openai_realtime_sessions as sessions
where sessions.member_id = %(member_id)s::uuid;

-- tables_about_members --
-- Every table that names a member, one of their sessions or one of their alerts, with the nearest column that does.
select
    tables.relname as table_name,
    case
        when bool_or(columns.attname = 'member_id') then 'member_id'
        when bool_or(columns.attname = 'session_id') then 'session_id'
        else 'alert_id'
    end as naming_column
from pg_catalog.pg_class as tables
inner join pg_catalog.pg_attribute as columns
    on tables.oid = columns.attrelid and columns.attname in ('member_id', 'session_id', 'alert_id')
    and not columns.attisdropped
where tables.relnamespace = 'public'::regnamespace
    and tables.relkind in ('r', 'p')
    and not tables.relispartition
group by tables.relname
order by tables.relname;

-- erase_member --
-- The member is gone, with all that only exists because of them; sessions and kiosks stay, without a name.
delete from public.gym_members_v2
where id = %(member_id)s::uuid;

-- note_erasure --
-- That it was done, when and by whom; never of whom in words.
insert into public.audit_log (gym_id, actor_role, action, subject_table, subject_id, details)
values (
    %(gym_id)s::uuid, session_user, 'member_erased', 'gym_members_v2', %(member_id)s::text, %(details)s::jsonb
)
returning occurred_at;

-- record_consent --
-- What a member has said at the desk about one purpose; the newest word counts.
insert into public.consents (gym_id, member_id, purpose, is_granted, notice_version, source, recorded_at)
select
    members.gym_id, members.id, %(purpose)s::text, %(is_granted)s::boolean, %(notice_version)s::text, 'desk',
    clock_timestamp()
from public.gym_members_v2 as members
where members.id = %(member_id)s::uuid
returning gym_id;
