-- What people say of the engine's labels: the newest word of a person stands over every analysis, past and future.

set local role jarvis_owner;

create table public.label_corrections (
    -- In the order they were made: the highest of a label is the one that holds.
    id bigint generated always as identity primary key,
    gym_id uuid not null,
    session_id uuid not null,
    -- Null for a label of the whole conversation. No key: a turn may be forgotten before what was said of it.
    turn_id uuid,
    field text not null
        constraint corrected_field_is_known
        check (
            field in ('sentiment_label', 'emotion', 'intents')
            or (field in ('topics', 'outcome') and turn_id is null)
        ),
    engine text not null,
    engine_version text not null,
    -- What the engine had said, also where an earlier correction was shown instead.
    engine_value text[] not null,
    corrected_value text[] not null,
    -- As sets: nobody is asked to put topics in an order.
    is_agreed boolean not null
        generated always as (engine_value <@ corrected_value and corrected_value <@ engine_value) stored,
    corrected_by uuid references public.users (id) on delete set null,
    corrected_at timestamptz not null default clock_timestamp(),
    constraint corrected_value_is_of_its_vocabulary check (
        case field
            when 'sentiment_label' then corrected_value <@ array['negative', 'neutral', 'positive']
            when 'emotion' then corrected_value <@ array[
                'joy', 'gratitude', 'motivation', 'neutral', 'confusion', 'disappointment', 'frustration', 'anger',
                'anxiety', 'sadness'
            ]
            when 'outcome' then corrected_value <@ array['solved', 'unsolved', 'handed_over', 'abandoned']
            when 'topics' then corrected_value <@ array[
                'equipment', 'cleanliness', 'showers_lockers', 'temperature_air', 'music_noise', 'crowding',
                'opening_hours', 'class_schedule', 'staff_coaching', 'membership', 'billing', 'access_badge',
                'training_advice', 'nutrition', 'injury_health', 'progress_goals', 'kiosk_app', 'safety',
                'facilities_other', 'other'
            ]
            else corrected_value <@ array[
                'book_class', 'cancel_booking', 'ask_hours', 'ask_schedule', 'ask_training_advice', 'ask_nutrition',
                'report_issue', 'complain', 'praise', 'suggest', 'cancel_membership', 'freeze_membership',
                'change_membership', 'ask_billing', 'request_human', 'set_goal', 'check_progress', 'report_absence',
                'report_injury', 'lost_item', 'small_talk', 'other'
            ]
        end
    ),
    constraint corrected_value_has_its_count check (
        array_position(corrected_value, null) is null
        and case
            when field in ('sentiment_label', 'emotion', 'outcome') then cardinality(corrected_value) = 1
            -- A turn may want nothing ("d'accord"); a whole conversation is about something.
            when turn_id is not null then cardinality(corrected_value) <= 22
            else cardinality(corrected_value) between 1 and 22
        end
    ),
    constraint correction_belongs_to_a_session_of_its_gym
        foreign key (gym_id, session_id) references public.openai_realtime_sessions (gym_id, id) on delete cascade
);
create index corrections_by_label on public.label_corrections (gym_id, session_id, turn_id, field, id desc);
create index corrections_by_person on public.label_corrections (corrected_by);

-- What the engine said, kept only while a person's word is shown in its place.
alter table public.conversation_summaries add column engine_labels jsonb;
alter table public.session_turns add column engine_labels jsonb;

-- A person's label needs a score that later stages can reckon with: the engine's own where both give the same label,
-- else the middle of the label's range on -1..1.
create function app.score_of_label(label text) returns numeric
language sql immutable
set search_path = pg_catalog, pg_temp
return case label when 'negative' then -0.6 when 'positive' then 0.6 else 0 end;

create function app.newest_corrections(of_gym uuid, of_session uuid, of_turn uuid) returns jsonb
language sql stable
set search_path = pg_catalog, pg_temp
return (
    select jsonb_object_agg(newest.field, to_jsonb(newest.corrected_value))
    from (
        select distinct on (label_corrections.field) label_corrections.field, label_corrections.corrected_value
        from public.label_corrections
        where label_corrections.gym_id = of_gym
            and label_corrections.session_id = of_session
            and label_corrections.turn_id is not distinct from of_turn
        order by label_corrections.field, label_corrections.id desc
    ) as newest
);

-- Whoever writes labels, and however often: what a person has said of one is what is shown.
create function app.keep_corrected_summary() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    corrected jsonb := app.newest_corrections(new.gym_id, new.session_id, null);
begin
    new.engine_labels := null;
    if corrected is null then
        return new;
    end if;
    new.engine_labels := jsonb_build_object(
        'sentiment_score', new.sentiment_score,
        'sentiment_label', new.sentiment_label,
        'emotion', new.emotion_detected,
        'topics', new.key_topics,
        'intents', new.intents_detected,
        'outcome', new.outcome
    );
    if corrected -> 'sentiment_label' ->> 0 <> new.sentiment_label then
        new.sentiment_label := corrected -> 'sentiment_label' ->> 0;
        new.sentiment_score := app.score_of_label(new.sentiment_label);
    end if;
    new.emotion_detected := coalesce(corrected -> 'emotion' ->> 0, new.emotion_detected);
    new.outcome := coalesce(corrected -> 'outcome' ->> 0, new.outcome);
    if corrected ? 'topics' then
        new.key_topics := array(select jsonb_array_elements_text(corrected -> 'topics'));
    end if;
    if corrected ? 'intents' then
        new.intents_detected := array(select jsonb_array_elements_text(corrected -> 'intents'));
    end if;
    return new;
end
$$;

create function app.keep_corrected_turn() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    corrected jsonb := app.newest_corrections(new.gym_id, new.session_id, new.id);
begin
    new.engine_labels := null;
    if corrected is null then
        return new;
    end if;
    new.engine_labels := jsonb_build_object(
        'sentiment_score', new.sentiment_score,
        'sentiment_label', new.sentiment_label,
        'emotion', new.emotion,
        'intents', new.intents
    );
    if corrected -> 'sentiment_label' ->> 0 <> new.sentiment_label then
        new.sentiment_label := corrected -> 'sentiment_label' ->> 0;
        new.sentiment_score := app.score_of_label(new.sentiment_label);
    end if;
    new.emotion := coalesce(corrected -> 'emotion' ->> 0, new.emotion);
    if corrected ? 'intents' then
        new.intents := array(select jsonb_array_elements_text(corrected -> 'intents'));
    end if;
    return new;
end
$$;

create trigger person_s_label_stands_over_the_engine_s before update
    of sentiment_score, sentiment_label, emotion_detected, key_topics, intents_detected, outcome
    on public.conversation_summaries
    for each row when (new.sentiment_label is not null)
    execute function app.keep_corrected_summary();
create trigger person_s_label_stands_over_the_engine_s before update of sentiment_score, sentiment_label, emotion, intents
    on public.session_turns
    for each row when (new.sentiment_label is not null)
    execute function app.keep_corrected_turn();

-- Writes one correction, or the confirmation that it is when it says what the engine said; null where the person sees
-- no such session, or it has no such turn of the member's. The members and the alerts stage weigh the session again.
create function app.correct_label(which_session uuid, which_turn uuid, which_field text, right_value text[])
returns bigint
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    at_gym uuid;
    summary public.conversation_summaries;
    turn public.session_turns;
    labels jsonb;
    said jsonb;
    made public.label_corrections;
begin
    select sessions.gym_id into at_gym from public.openai_realtime_sessions as sessions where sessions.id = which_session;
    if not coalesce(app.may_manage_gym(at_gym), false) then
        return null;
    end if;
    -- Corrections of one session follow one another; an analysis that holds the row is not waited for without end.
    perform set_config('lock_timeout', '3s', true);
    select * into summary from public.conversation_summaries where session_id = which_session for update;
    if summary.sentiment_label is null or summary.engine_version is null then
        raise exception 'session %: found no analysis to correct, expected one', which_session
            using errcode = 'object_not_in_prerequisite_state';
    end if;
    labels := coalesce(summary.engine_labels, jsonb_build_object(
        'sentiment_label', summary.sentiment_label,
        'emotion', summary.emotion_detected,
        'topics', summary.key_topics,
        'intents', summary.intents_detected,
        'outcome', summary.outcome
    ));
    if which_turn is not null then
        select * into turn from public.session_turns
        where id = which_turn and session_id = which_session and role = 'member' and sentiment_label is not null
        for update;
        if not found then
            return null;
        end if;
        labels := coalesce(turn.engine_labels, jsonb_build_object(
            'sentiment_label', turn.sentiment_label,
            'emotion', turn.emotion,
            'intents', coalesce(turn.intents, '{}')
        ));
    end if;
    said := labels -> which_field;
    insert into public.label_corrections (
        gym_id, session_id, turn_id, field, engine, engine_version, engine_value, corrected_value, corrected_by
    )
    values (
        at_gym, which_session, which_turn, which_field, summary.engine, summary.engine_version,
        case jsonb_typeof(said)
            when 'array' then array(select jsonb_array_elements_text(said))
            else array_remove(array[labels ->> which_field], null)
        end,
        right_value, auth.uid()
    )
    returning * into made;
    -- The engine's own labels are written once more, and the trigger puts the person's over them.
    if which_turn is not null then
        update public.session_turns
        set sentiment_score = coalesce((engine_labels ->> 'sentiment_score')::numeric, sentiment_score),
            sentiment_label = coalesce(engine_labels ->> 'sentiment_label', sentiment_label),
            emotion = coalesce(engine_labels ->> 'emotion', emotion),
            intents = case
                when jsonb_typeof(engine_labels -> 'intents') = 'array'
                    then array(select jsonb_array_elements_text(engine_labels -> 'intents'))
                else intents
            end
        where id = which_turn;
    end if;
    update public.conversation_summaries
    set sentiment_score = coalesce((engine_labels ->> 'sentiment_score')::numeric, sentiment_score),
        sentiment_label = coalesce(engine_labels ->> 'sentiment_label', sentiment_label),
        emotion_detected = coalesce(engine_labels ->> 'emotion', emotion_detected),
        key_topics = case
            when engine_labels is null then key_topics
            else array(select jsonb_array_elements_text(engine_labels -> 'topics'))
        end,
        intents_detected = case
            when engine_labels is null then intents_detected
            else array(select jsonb_array_elements_text(engine_labels -> 'intents'))
        end,
        outcome = coalesce(engine_labels ->> 'outcome', outcome),
        counted_at = null,
        alerted_at = null,
        count_attempts = 0,
        count_retry_at = null,
        alert_attempts = 0,
        alert_retry_at = null
    where session_id = which_session;
    perform app.audit(
        at_gym, case when made.is_agreed then 'label_confirmed' else 'label_corrected' end,
        'label_corrections', made.id::text,
        jsonb_build_object(
            'session_id', which_session, 'turn_id', which_turn, 'field', which_field,
            'from', to_jsonb(made.engine_value), 'to', to_jsonb(made.corrected_value)
        )
    );
    perform pg_notify('session_closed', which_session::text);
    return made.id;
end
$$;

alter function app.score_of_label(text) owner to jarvis_definer;
alter function app.newest_corrections(uuid, uuid, uuid) owner to jarvis_definer;
alter function app.keep_corrected_summary() owner to jarvis_definer;
alter function app.keep_corrected_turn() owner to jarvis_definer;
alter function app.correct_label(uuid, uuid, text, text[]) owner to jarvis_definer;
revoke execute on function
    app.score_of_label(text), app.newest_corrections(uuid, uuid, uuid), app.keep_corrected_summary(),
    app.keep_corrected_turn(), app.correct_label(uuid, uuid, text, text[])
    from public;
grant execute on function app.correct_label(uuid, uuid, text, text[]) to jarvis_dashboard;
grant select, update on public.conversation_summaries, public.session_turns to jarvis_definer;
grant select, insert on public.label_corrections to jarvis_definer;

select app.protect_tenant_table(
    'public.label_corrections', array['jarvis_gateway', 'jarvis_dashboard', 'jarvis_analyst']
);
-- Labels only, no words: analysts may count agreement. Nobody updates or deletes what a person said.
grant select on public.label_corrections to jarvis_dashboard, jarvis_analyst, jarvis_pipeline;

reset role;
