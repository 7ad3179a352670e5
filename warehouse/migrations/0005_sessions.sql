-- What happens at a kiosk, as it was said and billed: sessions, events, turns, tool calls, usage.

set local role jarvis_owner;

create table public.openai_realtime_sessions (
    id uuid primary key default gen_random_uuid(),
    gym_id uuid not null,
    kiosk_id uuid not null,
    -- Null for an unknown badge, or for a member of another gym of the franchise.
    member_id uuid,
    badge_outcome text
        constraint badge_outcome_is_known check (badge_outcome in ('known', 'unknown', 'inactive', 'other_gym')),
    state text not null default 'active' constraint session_state_is_known check (state in ('active', 'closed')),
    started_at timestamptz not null default now(),
    ended_at timestamptz,
    close_reason text
        constraint close_reason_is_known check (
            close_reason in (
                'member_left', 'member_goodbye', 'idle', 'second_badge', 'kiosk_lost', 'provider_lost',
                'max_duration', 'budget', 'gateway_lost', 'operator'
            )
        ),
    -- The gateway process that holds the session, and until when it vouches for it; past that, the reaper closes it.
    gateway_instance text,
    lease_until timestamptz,
    upstream_session_id text,
    model text,
    voice text,
    language text not null default 'fr',
    has_analysis_consent boolean not null default true,
    price_version text,
    cost_usd numeric(12, 6) not null default 0 constraint session_cost_is_positive check (cost_usd >= 0),
    constraint session_belongs_to_a_kiosk_of_its_gym
        foreign key (gym_id, kiosk_id) references public.kiosks (gym_id, id) on delete cascade,
    constraint session_belongs_to_a_member_of_its_gym
        foreign key (gym_id, member_id) references public.gym_members_v2 (gym_id, id) on delete set null (member_id),
    constraint session_is_addressable_by_gym unique (gym_id, id),
    constraint closed_session_has_one_reason_and_an_end check (
        (state = 'closed') = (close_reason is not null) and (state = 'closed') = (ended_at is not null)
    ),
    constraint session_ends_after_it_starts check (ended_at >= started_at)
);
create index sessions_by_gym_and_time on public.openai_realtime_sessions (gym_id, started_at desc);
create index sessions_by_member on public.openai_realtime_sessions (gym_id, member_id, started_at desc);
create index sessions_by_kiosk on public.openai_realtime_sessions (gym_id, kiosk_id);
create index sessions_still_active on public.openai_realtime_sessions (lease_until) where state = 'active';

create function app.refuse_illegal_session_transition() returns trigger
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if old.state = 'closed' and new.state <> 'closed' then
        raise exception 'session % is closed and found a change to %, expected none: a session closes once', old.id, new.state
            using errcode = 'check_violation';
    end if;
    if old.state = 'closed' and (new.close_reason, new.ended_at) is distinct from (old.close_reason, old.ended_at) then
        raise exception 'session % already closed as %, found a second close: keep the first reason', old.id, old.close_reason
            using errcode = 'check_violation';
    end if;
    return new;
end
$$;
create trigger session_closes_once before update of state, close_reason, ended_at
    on public.openai_realtime_sessions
    for each row execute function app.refuse_illegal_session_transition();

-- Append-only log of every protocol event; audio payloads are replaced by their length before they come here.
create table public.realtime_events (
    session_id uuid not null,
    gym_id uuid not null,
    seq integer not null constraint event_seq_is_positive check (seq >= 0),
    occurred_at timestamptz not null,
    direction text not null
        constraint event_direction_is_known
        check (direction in ('kiosk_in', 'kiosk_out', 'upstream_in', 'upstream_out', 'gateway')),
    event_type text not null,
    event_id text,
    item_id text,
    response_id text,
    payload jsonb not null,
    -- Replays of the journal bring the same (session, seq, time) again and are absorbed.
    primary key (session_id, seq, occurred_at),
    constraint event_belongs_to_a_session_of_its_gym
        foreign key (gym_id, session_id) references public.openai_realtime_sessions (gym_id, id) on delete cascade
) partition by range (occurred_at);
create index realtime_events_by_gym on public.realtime_events (gym_id, occurred_at desc);
create index realtime_events_by_session on public.realtime_events (gym_id, session_id);
-- Nothing is refused because nobody made next month's partition.
create table public.realtime_events_default partition of public.realtime_events default;
alter table public.realtime_events_default enable row level security;
alter table public.realtime_events_default force row level security;

-- Makes the partitions from this month to some months ahead; called by the migration and by the retention job.
create function app.ensure_event_partitions(months_ahead integer) returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    month_start date;
    partition_name text;
    made integer := 0;
begin
    for month_start in
        select generate_series(
            date_trunc('month', now() at time zone 'utc'),
            date_trunc('month', now() at time zone 'utc') + make_interval(months => months_ahead),
            interval '1 month'
        )::date
    loop
        partition_name := format('realtime_events_%s', to_char(month_start, 'YYYY_MM'));
        if to_regclass('public.' || partition_name) is null then
            execute format(
                'create table public.%I partition of public.realtime_events for values from (%L) to (%L)',
                partition_name, month_start, (month_start + interval '1 month')::date
            );
            execute format('alter table public.%I enable row level security', partition_name);
            execute format('alter table public.%I force row level security', partition_name);
            made := made + 1;
        end if;
    end loop;
    return made;
end
$$;

create table public.session_turns (
    id uuid primary key default gen_random_uuid(),
    session_id uuid not null,
    gym_id uuid not null,
    item_id text not null,
    position integer not null constraint turn_position_is_positive check (position >= 0),
    role text not null constraint turn_role_is_known check (role in ('member', 'assistant')),
    -- As it was heard: an interrupted answer is cut where the member stopped hearing it.
    text text not null,
    generated_text text,
    status text not null default 'final'
        constraint turn_status_is_known check (status in ('final', 'interrupted', 'failed')),
    started_at timestamptz not null,
    ended_at timestamptz,
    heard_ms integer constraint heard_ms_is_positive check (heard_ms >= 0),
    total_ms integer constraint total_ms_is_positive check (total_ms >= 0),
    -- Filled by the analysis; the member's turns only.
    sentiment_score numeric(3, 2) constraint turn_sentiment_score_in_range check (sentiment_score between -1 and 1),
    sentiment_label text
        constraint turn_sentiment_label_is_known check (sentiment_label in ('negative', 'neutral', 'positive')),
    emotion text
        constraint turn_emotion_is_known check (
            emotion in (
                'joy', 'gratitude', 'motivation', 'neutral', 'confusion', 'disappointment', 'frustration', 'anger',
                'anxiety', 'sadness'
            )
        ),
    intents text[]
        constraint turn_intents_are_known check (
            intents <@ array[
                'book_class', 'cancel_booking', 'ask_hours', 'ask_schedule', 'ask_training_advice', 'ask_nutrition',
                'report_issue', 'complain', 'praise', 'suggest', 'cancel_membership', 'freeze_membership',
                'change_membership', 'ask_billing', 'request_human', 'set_goal', 'check_progress', 'report_absence',
                'report_injury', 'lost_item', 'small_talk', 'other'
            ]
        ),
    constraint turn_is_recorded_once unique (session_id, item_id),
    constraint turn_belongs_to_a_session_of_its_gym
        foreign key (gym_id, session_id) references public.openai_realtime_sessions (gym_id, id) on delete cascade
);
create index session_turns_by_session on public.session_turns (gym_id, session_id, position);

create table public.tool_calls (
    id uuid primary key default gen_random_uuid(),
    session_id uuid not null,
    gym_id uuid not null,
    call_id text not null,
    name text not null,
    arguments jsonb not null default '{}'::jsonb,
    status text not null default 'started'
        constraint tool_status_is_known check (status in ('started', 'done', 'failed', 'timed_out', 'unknown')),
    output jsonb,
    started_at timestamptz not null default now(),
    finished_at timestamptz,
    -- The same call_id never runs twice, whatever is replayed.
    constraint tool_call_runs_once unique (session_id, call_id),
    constraint tool_call_belongs_to_a_session_of_its_gym
        foreign key (gym_id, session_id) references public.openai_realtime_sessions (gym_id, id) on delete cascade
);
create index tool_calls_by_session on public.tool_calls (gym_id, session_id);

create table public.realtime_usage (
    id uuid primary key default gen_random_uuid(),
    session_id uuid not null,
    gym_id uuid not null,
    source_kind text not null
        constraint usage_source_is_known check (source_kind in ('response', 'transcription')),
    -- The response's or the item's id upstream.
    source_id text not null,
    model text not null,
    text_input_tokens integer not null default 0,
    audio_input_tokens integer not null default 0,
    -- Cached tokens are part of the input tokens above, never beside them.
    cached_text_tokens integer not null default 0,
    cached_audio_tokens integer not null default 0,
    text_output_tokens integer not null default 0,
    audio_output_tokens integer not null default 0,
    duration_seconds numeric(10, 3) not null default 0,
    is_estimated boolean not null default false,
    price_version text not null,
    cost_usd numeric(12, 6) not null constraint usage_cost_is_positive check (cost_usd >= 0),
    occurred_at timestamptz not null default now(),
    constraint usage_is_billed_once unique (session_id, source_kind, source_id),
    constraint cached_tokens_are_part_of_input check (
        cached_text_tokens <= text_input_tokens and cached_audio_tokens <= audio_input_tokens
    ),
    constraint usage_belongs_to_a_session_of_its_gym
        foreign key (gym_id, session_id) references public.openai_realtime_sessions (gym_id, id) on delete cascade
);
create index realtime_usage_by_session on public.realtime_usage (gym_id, session_id);
create index realtime_usage_by_time on public.realtime_usage (gym_id, occurred_at desc);

-- Closes what no living gateway vouches for any more, so that every session ends with a reason.
create function app.close_lost_sessions() returns setof uuid
language sql security definer
set search_path = pg_catalog, pg_temp
begin atomic
    update public.openai_realtime_sessions as sessions
    set state = 'closed',
        close_reason = 'gateway_lost',
        ended_at = greatest(
            sessions.started_at,
            coalesce(
                (select max(events.occurred_at) from public.realtime_events as events
                where events.session_id = sessions.id and events.gym_id = sessions.gym_id),
                sessions.started_at
            )
        )
    where sessions.state = 'active' and sessions.lease_until < now()
    returning sessions.id;
end;

alter function app.ensure_event_partitions(integer) owner to jarvis_owner;
alter function app.close_lost_sessions() owner to jarvis_definer;
grant select, update on public.openai_realtime_sessions to jarvis_definer;
grant select on public.realtime_events to jarvis_definer;
revoke execute on function
    app.ensure_event_partitions(integer), app.close_lost_sessions(), app.refuse_illegal_session_transition()
    from public;
grant execute on function app.ensure_event_partitions(integer) to jarvis_pipeline;
grant execute on function app.close_lost_sessions() to jarvis_gateway, jarvis_pipeline;
select app.ensure_event_partitions(3);

do $$
declare
    relation text;
begin
    foreach relation in array array[
        'openai_realtime_sessions', 'realtime_events', 'session_turns', 'tool_calls', 'realtime_usage'
    ]
    loop
        perform app.protect_tenant_table(
            format('public.%I', relation)::regclass, array['jarvis_gateway', 'jarvis_dashboard', 'jarvis_analyst']
        );
    end loop;
    foreach relation in array array['realtime_events', 'session_turns', 'tool_calls', 'realtime_usage']
    loop
        execute format(
            'create policy jarvis_gateway_inserts on public.%I for insert to jarvis_gateway '
            'with check (gym_id = any ((select app.kiosk_gym_ids())::uuid[]))',
            relation
        );
    end loop;
    -- Events are append-only; everything else may be completed by the gateway that opened it.
    foreach relation in array array['session_turns', 'tool_calls']
    loop
        execute format(
            'create policy jarvis_gateway_updates on public.%I for update to jarvis_gateway '
            'using (gym_id = any ((select app.kiosk_gym_ids())::uuid[])) '
            'with check (gym_id = any ((select app.kiosk_gym_ids())::uuid[]))',
            relation
        );
    end loop;
end
$$;
-- A session is opened and closed by its own kiosk.
create policy jarvis_gateway_inserts on public.openai_realtime_sessions for insert to jarvis_gateway
    with check (gym_id = any ((select app.kiosk_gym_ids())::uuid[]) and kiosk_id = (select app.kiosk_id()));
create policy jarvis_gateway_updates on public.openai_realtime_sessions for update to jarvis_gateway
    using (gym_id = any ((select app.kiosk_gym_ids())::uuid[]) and kiosk_id = (select app.kiosk_id()))
    with check (gym_id = any ((select app.kiosk_gym_ids())::uuid[]) and kiosk_id = (select app.kiosk_id()));

grant select, insert
    on public.openai_realtime_sessions, public.realtime_events, public.session_turns, public.tool_calls,
    public.realtime_usage
    to jarvis_gateway;
grant update on public.openai_realtime_sessions, public.session_turns, public.tool_calls to jarvis_gateway;
grant select
    on public.openai_realtime_sessions, public.session_turns, public.tool_calls, public.realtime_usage
    to jarvis_dashboard;
-- What members said stays with their gym: analysts get the shape of sessions, not the words.
grant select on public.openai_realtime_sessions, public.realtime_usage to jarvis_analyst;
grant select (id, session_id, gym_id, position, role, status, started_at, ended_at, heard_ms, total_ms,
    sentiment_score, sentiment_label, emotion, intents)
    on public.session_turns to jarvis_analyst;
grant select, insert, update, delete
    on public.openai_realtime_sessions, public.realtime_events, public.session_turns, public.tool_calls,
    public.realtime_usage
    to jarvis_pipeline;

reset role;
