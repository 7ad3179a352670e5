-- Simulated analyses go back to the queue: without an embedding they were whole under the newer rule only.
update public.conversation_summaries set status = 'pending'
where engine = 'simulated' and status = 'completed' and words_forgotten_at is null;
alter table public.conversation_summaries
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
    );
