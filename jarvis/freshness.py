"""How old each asset may be: the promise behind every figure, in one place.

Pure. Dagster shows them as freshness policies (`orchestration/presentation.py`); the job `note_freshness` writes how
each stands, and `app.freshness()` judges when it is asked. An asset that is built on a schedule is as of its last
build; one that follows events is as of the oldest event it has not told yet: a quiet night makes nothing late.
"""

from collections.abc import Mapping
from datetime import timedelta

# Asset to the longest time it may lag behind: what it is run by, once missed, and the run itself.
PROMISES: Mapping[str, timedelta] = {
    # At each close; a worker that died and a hung run cost five minutes each, noting another five.
    "conversation_summaries": timedelta(minutes=20),
    "manager_alerts": timedelta(minutes=20),
    # The hosted engine may be away for hours; the local analysis stands meanwhile.
    "enriched_conversations": timedelta(hours=24),
    # At each conversation, and everybody every night at 01:30.
    "member_analytics": timedelta(hours=26),
    # Every 5 minutes.
    "kiosk_health": timedelta(minutes=30),
    # Every night at 02:00.
    "churn_scores": timedelta(hours=26),
    # Sundays at 01:00.
    "churn_model": timedelta(days=8),
    "churn_champion": timedelta(days=8),
    "retention": timedelta(days=8),
    # Every day at 05:30, deliveries every 15 minutes.
    "insights_reports": timedelta(hours=26),
    "report_deliveries": timedelta(hours=1),
    # Every 15 minutes; the digest on Mondays.
    "alert_choices": timedelta(hours=1),
    "alert_digests": timedelta(days=8),
}

# What promises nothing by itself, and why.
UNPROMISED: Mapping[str, str] = {"engine_versions": "made by each run that analyses, before it"}

# Every 15 minutes, all models at once.
BUILT_BY_DBT = timedelta(hours=1)
DBT_SCHEMAS = ("staging", "intermediate", "marts", "snapshots")

# Late or not by what waits, not by when it last ran.
FOLLOWS_EVENTS = frozenset({"conversation_summaries", "manager_alerts", "enriched_conversations"})

# An asset that was not built for so long was taken out of the code.
FORGOTTEN_AFTER = timedelta(days=30)


def promise_of(asset: str) -> timedelta | None:
    """The promise of an asset by its key, such as `marts/fct_sessions`; None for what somebody else writes."""
    schema, slash, _ = asset.partition("/")
    if slash and schema in DBT_SCHEMAS:
        return BUILT_BY_DBT
    return PROMISES.get(asset)
