-- How long what is kept for, as rows that the Sunday job reads; and the proof of what it did.

set local role jarvis_owner;

-- A session whose words are gone keeps its times, labels and figures: marts and members' histories stay true.
alter table public.openai_realtime_sessions add column words_forgotten_at timestamptz;
-- The analysis read a longer text than there is now; nothing asks for a summary or a vector of words that are gone.
alter table public.conversation_summaries
    add column words_forgotten_at timestamptz,
    drop constraint completed_summary_is_whole,
    add constraint completed_summary_is_whole check (
        status <> 'completed'
        or (
            analysed_at is not null and key_topics is not null and sentiment_score is not null
            and sentiment_label is not null and emotion_detected is not null and intents_detected is not null
            and outcome is not null and engine is not null and engine_version is not null
            and (
                words_forgotten_at is not null
                or (summary_text is not null and embedding is not null and embedding_model is not null)
            )
        )
    ),
    add constraint forgotten_summary_has_no_words check (
        words_forgotten_at is null
        or (summary_text is null and embedding is null and action_items is null and issues is null)
    );
create index sessions_with_words on public.openai_realtime_sessions (ended_at)
    where state = 'closed' and words_forgotten_at is null;
grant select (words_forgotten_at) on public.conversation_summaries to jarvis_analyst;

-- A passage older than its term is a day: its hour and its kiosk are gone, that the member came stays.
alter table public.member_visits add column is_day_only boolean not null default false;
create index member_visits_with_hour on public.member_visits (visited_at) where not is_day_only;

create table app.retention_rules (
    name text primary key,
    -- What is kept, in the words of the schema.
    table_name text not null,
    purpose text not null,
    legal_basis text not null,
    keep_days integer not null constraint keep_days_in_range check (keep_days between 1 and 3650),
    -- archive: the facts stay and the words go; aggregate: the row stays with less in it; delete: the row goes.
    action text not null constraint retention_action_is_known check (action in ('archive', 'aggregate', 'delete')),
    -- The order of a run: words go before the rows that hold them.
    position integer not null constraint retention_order_is_plain unique,
    updated_at timestamptz not null default now()
);

create table app.retention_runs (
    id bigint generated always as identity primary key,
    -- The rules of one run share it.
    run_id uuid not null,
    rule_name text not null references app.retention_rules (name),
    ran_at timestamptz not null default clock_timestamp(),
    is_dry boolean not null,
    -- What is older than this had to go.
    cut_off timestamptz not null,
    keep_days integer not null,
    found integer not null constraint retention_found_is_positive check (found >= 0),
    done integer not null constraint retention_done_is_positive check (done >= 0),
    -- Counted again at the end: what should be gone and is still there.
    remaining integer not null constraint retention_remaining_is_positive check (remaining >= 0),
    error text,
    constraint dry_run_does_nothing check (not is_dry or done = 0)
);
create index retention_runs_by_rule on app.retention_runs (rule_name, ran_at desc);
create index retention_runs_by_run on app.retention_runs (run_id);

-- No policy: the pipeline alone, who sees every gym, keeps house.
alter table app.retention_rules enable row level security;
alter table app.retention_rules force row level security;
alter table app.retention_runs enable row level security;
alter table app.retention_runs force row level security;
-- Whoever owns the table sees no row of it either: the definer role, past row security, writes the first ones.
grant insert on app.retention_rules to jarvis_definer;
grant select, update (keep_days, updated_at) on app.retention_rules to jarvis_pipeline;
grant select, insert, delete on app.retention_runs to jarvis_pipeline;

-- The months of the event log that lie wholly before the moment and hold nothing more.
-- A function of its own: who may drop a partition sees none of its rows, and would find every month empty.
create function app.empty_event_partitions(older_than timestamptz) returns setof text
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    partition record;
begin
    for partition in
        select tables.relname as name, to_date(right(tables.relname, 7), 'YYYY_MM')::timestamp at time zone 'utc' as begins_at
        from pg_catalog.pg_inherits as links
        inner join pg_catalog.pg_class as tables on links.inhrelid = tables.oid
        where links.inhparent = 'public.realtime_events'::regclass
            and tables.relname ~ '^realtime_events_[0-9]{4}_[0-9]{2}$'
        order by tables.relname
    loop
        if partition.begins_at + interval '1 month' <= older_than
            and not exists (
                select from public.realtime_events as events
                where events.occurred_at >= partition.begins_at
                    and events.occurred_at < partition.begins_at + interval '1 month'
            ) then
            return next partition.name;
        end if;
    end loop;
end
$$;
alter function app.empty_event_partitions(timestamptz) owner to jarvis_definer;

-- Drops those months; their names.
create function app.drop_empty_event_partitions(older_than timestamptz) returns setof text
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
declare
    name text;
begin
    for name in select app.empty_event_partitions(older_than)
    loop
        execute format('drop table public.%I', name);
        return next name;
    end loop;
end
$$;
revoke execute on function app.empty_event_partitions(timestamptz), app.drop_empty_event_partitions(timestamptz)
    from public;
grant execute on function app.empty_event_partitions(timestamptz) to jarvis_owner;
grant execute on function app.drop_empty_event_partitions(timestamptz) to jarvis_pipeline;

reset role;
set local role jarvis_definer;

insert into app.retention_rules (name, table_name, purpose, legal_basis, keep_days, action, position) values
    ('sessions', 'openai_realtime_sessions',
        'Répondre à un adhérent, analyser la conversation, prouver ce qui a été dit', 'consentement', 183, 'archive', 10),
    ('heartbeats', 'kiosk_heartbeats', 'Savoir si une borne répond', 'intérêt légitime', 30, 'delete', 20),
    ('reports', 'insights_reports', 'Piloter la salle', 'intérêt légitime', 365, 'archive', 30),
    ('report_drafts', 'insights_reports', 'Préparer un rapport', 'intérêt légitime', 365, 'delete', 31),
    ('badge_passages', 'member_visits', 'Contrôler l''accès à la salle', 'contrat', 90, 'aggregate', 40),
    ('visit_days', 'member_visits', 'Connaître les habitudes de venue, saison sur saison', 'consentement', 1095, 'delete', 41),
    ('churn_scores', 'churn_scores', 'Comparer un score avec ce qui est arrivé', 'consentement', 1095, 'delete', 50),
    ('inactive_members', 'gym_members_v2', 'Tenir le dossier d''un ancien adhérent', 'contrat', 1095, 'delete', 60),
    ('retention_runs', 'retention_runs', 'Prouver l''effacement', 'obligation légale', 1825, 'delete', 90);

reset role;
