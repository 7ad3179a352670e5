-- What the analysis says of each closed session; the rows in state pending are its queue.

set local role jarvis_owner;

create table public.conversation_summaries (
    id uuid primary key default gen_random_uuid(),
    session_id uuid not null constraint session_is_summarised_once unique,
    gym_id uuid not null,
    member_id uuid,
    kiosk_id uuid not null,
    status text not null default 'pending'
        constraint summary_status_is_known check (status in ('pending', 'completed', 'skipped', 'parked')),
    -- Failed tries so far; at three the row is parked with its reason and the batch goes on.
    attempts integer not null default 0 constraint attempts_is_positive check (attempts >= 0),
    -- How often this session was asked to be analysed: re-analysis raises it.
    request_number integer not null default 1,
    last_error text,
    queued_at timestamptz not null default now(),
    analysed_at timestamptz,
    -- When the alerts stage has read this analysis; null while it still has to.
    alerted_at timestamptz,
    summary_text text constraint summary_text_length_in_range check (length(summary_text) <= 2000),
    key_topics text[]
        constraint key_topics_are_known check (
            key_topics <@ array[
                'equipment', 'cleanliness', 'showers_lockers', 'temperature_air', 'music_noise', 'crowding',
                'opening_hours', 'class_schedule', 'staff_coaching', 'membership', 'billing', 'access_badge',
                'training_advice', 'nutrition', 'injury_health', 'progress_goals', 'kiosk_app', 'safety',
                'facilities_other', 'other'
            ]
        ),
    sentiment_score numeric(3, 2) constraint sentiment_score_in_range check (sentiment_score between -1 and 1),
    sentiment_label text
        constraint sentiment_label_is_known check (sentiment_label in ('negative', 'neutral', 'positive')),
    emotion_detected text
        constraint emotion_is_known check (
            emotion_detected in (
                'joy', 'gratitude', 'motivation', 'neutral', 'confusion', 'disappointment', 'frustration', 'anger',
                'anxiety', 'sadness'
            )
        ),
    intents_detected text[]
        constraint intents_are_known check (
            intents_detected <@ array[
                'book_class', 'cancel_booking', 'ask_hours', 'ask_schedule', 'ask_training_advice', 'ask_nutrition',
                'report_issue', 'complain', 'praise', 'suggest', 'cancel_membership', 'freeze_membership',
                'change_membership', 'ask_billing', 'request_human', 'set_goal', 'check_progress', 'report_absence',
                'report_injury', 'lost_item', 'small_talk', 'other'
            ]
        ),
    outcome text
        constraint outcome_is_known check (outcome in ('solved', 'unsolved', 'handed_over', 'abandoned')),
    action_items jsonb,
    -- Field name to the ids of the turns it rests on.
    evidence jsonb,
    issues jsonb,
    -- Shorter vectors are padded with zeros: cosine is unchanged, and search never mixes models.
    embedding vector(1536),
    embedding_model text,
    engine text,
    engine_version text,
    prompt_version text,
    tokens integer not null default 0 constraint tokens_is_positive check (tokens >= 0),
    cost_usd numeric(12, 6) not null default 0 constraint analysis_cost_is_positive check (cost_usd >= 0),
    constraint completed_summary_is_whole check (
        status <> 'completed'
        or (
            analysed_at is not null and summary_text is not null and key_topics is not null
            and sentiment_score is not null and sentiment_label is not null and emotion_detected is not null
            and intents_detected is not null and outcome is not null and embedding is not null
            and embedding_model is not null and engine is not null and engine_version is not null
        )
    ),
    constraint parked_or_skipped_summary_says_why check (
        status not in ('parked', 'skipped') or last_error is not null
    ),
    constraint summary_belongs_to_a_session_of_its_gym
        foreign key (gym_id, session_id) references public.openai_realtime_sessions (gym_id, id) on delete cascade,
    constraint summary_belongs_to_a_member_of_its_gym
        foreign key (gym_id, member_id) references public.gym_members_v2 (gym_id, id) on delete set null (member_id),
    constraint summary_belongs_to_a_kiosk_of_its_gym
        foreign key (gym_id, kiosk_id) references public.kiosks (gym_id, id) on delete cascade
);
create index summaries_by_member on public.conversation_summaries (gym_id, member_id, analysed_at desc);
create index summaries_by_gym_and_label on public.conversation_summaries (gym_id, sentiment_label);
create index summaries_by_kiosk on public.conversation_summaries (gym_id, kiosk_id);
create index summaries_by_session on public.conversation_summaries (gym_id, session_id);
create index summaries_pending on public.conversation_summaries (queued_at) where status = 'pending';
create index summaries_to_alert on public.conversation_summaries (analysed_at)
    where status = 'completed' and alerted_at is null;

create table public.action_items (
    id uuid primary key default gen_random_uuid(),
    gym_id uuid not null,
    session_id uuid not null,
    position integer not null,
    text text not null,
    owner text not null constraint action_owner_is_known check (owner in ('staff', 'manager', 'member')),
    state text not null default 'open' constraint action_state_is_known check (state in ('open', 'done', 'dismissed')),
    due_date date,
    source_turn_ids text[] not null default '{}',
    created_at timestamptz not null default now(),
    closed_at timestamptz,
    constraint action_item_is_recorded_once unique (session_id, position),
    constraint action_item_belongs_to_a_session_of_its_gym
        foreign key (gym_id, session_id) references public.openai_realtime_sessions (gym_id, id) on delete cascade
);
create index action_items_by_session on public.action_items (gym_id, session_id);
create index action_items_open on public.action_items (gym_id, created_at desc) where state = 'open';

-- Queues a closed session exactly once and wakes whoever waits; the queue itself is the table, not the notification.
create function app.on_session_end() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.conversation_summaries (session_id, gym_id, member_id, kiosk_id, status, last_error)
    values (
        new.id, new.gym_id, new.member_id, new.kiosk_id,
        case when new.has_analysis_consent then 'pending' else 'skipped' end,
        case when not new.has_analysis_consent then 'the member did not agree to the analysis' end
    )
    on conflict on constraint session_is_summarised_once do nothing;
    if found and new.has_analysis_consent then
        perform pg_notify('session_closed', new.id::text);
    end if;
    return null;
end
$$;
alter function app.on_session_end() owner to jarvis_definer;
grant select, insert on public.conversation_summaries to jarvis_definer;
revoke execute on function app.on_session_end() from public;

create trigger session_end_queues_a_summary after update of state on public.openai_realtime_sessions
    for each row when (old.state <> 'closed' and new.state = 'closed')
    execute function app.on_session_end();
-- A journal replayed after a crash brings sessions that are already closed.
create trigger closed_session_queues_a_summary after insert on public.openai_realtime_sessions
    for each row when (new.state = 'closed')
    execute function app.on_session_end();

select app.protect_tenant_table('public.conversation_summaries', array['jarvis_gateway', 'jarvis_dashboard', 'jarvis_analyst']);
select app.protect_tenant_table('public.action_items', array['jarvis_gateway', 'jarvis_dashboard', 'jarvis_analyst']);
create policy managers_update on public.action_items for update to jarvis_dashboard
    using (gym_id = any ((select app.managed_gym_ids())::uuid[]))
    with check (gym_id = any ((select app.managed_gym_ids())::uuid[]));

grant select on public.conversation_summaries, public.action_items to jarvis_dashboard;
grant update (state, closed_at) on public.action_items to jarvis_dashboard;
grant select (id, session_id, gym_id, member_id, kiosk_id, status, attempts, queued_at, analysed_at, key_topics,
    sentiment_score, sentiment_label, emotion_detected, intents_detected, outcome, embedding_model, engine,
    engine_version, prompt_version, tokens, cost_usd)
    on public.conversation_summaries to jarvis_analyst;
grant select, insert, update, delete on public.conversation_summaries, public.action_items to jarvis_pipeline;

reset role;
