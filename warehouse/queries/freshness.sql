-- How fresh each asset is. `jarvis/freshness.py` holds the promises.

-- note_asset --
-- An asset is as of this moment; null for one that was never built, which keeps the moment it was first missed.
insert into app.asset_freshness (asset, promise_seconds, as_of_at, first_noted_at, noted_at)
values (
    %(asset)s::text, %(promise_seconds)s::integer, %(as_of_at)s::timestamptz, %(now)s::timestamptz, %(now)s::timestamptz
)
on conflict (asset) do update
set promise_seconds = excluded.promise_seconds,
    as_of_at = coalesce(excluded.as_of_at, asset_freshness.as_of_at),
    noted_at = excluded.noted_at;

-- forget_assets --
-- What has not been built for long is not promised any more.
delete from app.asset_freshness where as_of_at < %(before)s::timestamptz;

-- oldest_waiting --
-- The oldest conversation that each stage has not told yet; null where nothing waits. What was given up waits for nobody.
select
    min(summaries.queued_at) filter (where summaries.status = 'pending') as conversation_summaries,
    min(summaries.analysed_at) filter (where summaries.status = 'completed' and summaries.alerted_at is null)
        as manager_alerts,
    min(summaries.analysed_at) filter (where summaries.enrichment_state = 'waiting') as enriched_conversations
from public.conversation_summaries as summaries
where summaries.status = 'pending'
    or summaries.enrichment_state = 'waiting'
    or (summaries.status = 'completed' and summaries.alerted_at is null and summaries.alert_attempts < 3);

-- standings --
-- How every asset stands now.
select asset, as_of_at, promise_seconds, is_late from app.freshness();
