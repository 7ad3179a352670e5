-- Takes the rules and their proof away; what was forgotten stays forgotten.
drop function app.drop_empty_event_partitions(timestamptz);
drop function app.empty_event_partitions(timestamptz);
drop table app.retention_runs;
drop table app.retention_rules;
drop index public.member_visits_with_hour;
alter table public.member_visits drop column is_day_only;
drop index public.sessions_with_words;
-- A summary without words cannot be whole as it was asked for before: it is one that was not made.
update public.conversation_summaries
set status = 'skipped', last_error = 'the words of this session are forgotten'
where words_forgotten_at is not null and status = 'completed';
alter table public.conversation_summaries
    drop constraint forgotten_summary_has_no_words,
    drop constraint completed_summary_is_whole,
    drop column words_forgotten_at,
    add constraint completed_summary_is_whole check (
        status <> 'completed'
        or (
            analysed_at is not null and summary_text is not null and key_topics is not null
            and sentiment_score is not null and sentiment_label is not null and emotion_detected is not null
            and intents_detected is not null and outcome is not null and embedding is not null
            and embedding_model is not null and engine is not null and engine_version is not null
        )
    );
alter table public.openai_realtime_sessions drop column words_forgotten_at;
