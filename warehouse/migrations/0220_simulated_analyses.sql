-- A simulated past is labelled by its generator, not by an engine: such a row has no embedding and says so in its engine.

set local role jarvis_owner;

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
                or (
                    summary_text is not null
                    and (engine = 'simulated') = (embedding is null)
                    and (engine = 'simulated') = (embedding_model is null)
                )
            )
        )
    );

reset role;
