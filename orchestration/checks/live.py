"""What is checked of each live layer: raw, conversations, members, alerts.

They read the tables as they are, not one run's output, and run every few minutes beside the flow
so that no member waits for them.
"""

from datetime import timedelta

from dagster import AssetCheckResult, AssetChecksDefinition, AssetCheckSeverity, asset_check

from orchestration.assets.alerts import manager_alerts
from orchestration.assets.conversations import conversation_summaries
from orchestration.assets.enrichments import enriched_conversations
from orchestration.assets.members import member_analytics
from orchestration.assets.raw import raw_key
from orchestration.checks.evidence import EVIDENCE_CHECKS
from orchestration.resources import Warehouse
from warehouse.stores import alerts, conversations, enrichments, members, words

PARKED_SHOWN = 20
# Longer than any live run takes.
MEMBERS_GRACE = timedelta(minutes=1)
# Two sweeps, and the time between a close and its alerts.
SWEEP_GRACE = timedelta(minutes=30)
# More would not say more.
MOST_COUNTED = 1000
# A provider that is away for longer is somebody's business.
ENRICHMENT_GRACE = timedelta(days=1)


@asset_check(asset=raw_key("openai_realtime_sessions"), blocking=False)
def closed_sessions_are_queued(warehouse: Warehouse) -> AssetCheckResult:
    """Every closed session has a summary row; one without would never be analysed."""
    with warehouse.connect() as connection:
        missing = conversations.count_sessions_without_summary(connection)
    return _result(missing, "sessions_without_summary", AssetCheckSeverity.ERROR)


@asset_check(asset=conversation_summaries)
def no_session_is_parked(warehouse: Warehouse) -> AssetCheckResult:
    """No stage has given a session up; the newest ones are named with their stage and reason."""
    with warehouse.connect() as connection:
        found = conversations.count_parked(connection)
        newest = conversations.parked_sessions(connection, limit=PARKED_SHOWN)
    return AssetCheckResult(
        passed=found == 0,
        severity=AssetCheckSeverity.WARN,
        metadata={
            "parked_sessions": found,
            "newest": {str(one.session_id): f"{one.stage}: {one.reason}" for one in newest},
        },
    )


@asset_check(asset=conversation_summaries)
def no_gym_keeps_more_than_it_says(warehouse: Warehouse) -> AssetCheckResult:
    """No session and no alert keeps words that the storage level gives up, once the sweep has come by."""
    with warehouse.connect() as connection:
        unsettled = words.count_unsettled(connection, grace=SWEEP_GRACE)
        unsettled += len(words.claim_people_s_words(connection, batch_size=MOST_COUNTED, grace=SWEEP_GRACE))
    return _result(unsettled, "sessions_with_words", AssetCheckSeverity.ERROR)


@asset_check(asset=enriched_conversations)
def enrichments_arrive(warehouse: Warehouse) -> AssetCheckResult:
    """The hosted engine has given nothing up and nothing has waited for it for a day; local analyses stand."""
    with warehouse.connect() as connection:
        found = enrichments.behind(connection, grace=ENRICHMENT_GRACE)
    return AssetCheckResult(
        passed=found.failed_count == 0 and found.waiting_count == 0,
        severity=AssetCheckSeverity.WARN,
        metadata={
            "failed": found.failed_count,
            "waiting_too_long": found.waiting_count,
            "waiting_since": str(found.waiting_since or "none waits"),
        },
    )


@asset_check(asset=member_analytics)
def analytics_follow_conversations(warehouse: Warehouse) -> AssetCheckResult:
    """No member's analytics are older than their newest analysed conversation."""
    with warehouse.connect() as connection:
        behind = members.count_analytics_behind(connection, grace=MEMBERS_GRACE)
    return _result(behind, "members_behind", AssetCheckSeverity.WARN)


@asset_check(asset=member_analytics)
def analytics_are_of_these_days(warehouse: Warehouse) -> AssetCheckResult:
    """No member's days, habit and mutes are older than two days: the night's run came by."""
    with warehouse.connect() as connection:
        stale = members.count_analytics_stale(connection)
    return _result(stale, "members_stale", AssetCheckSeverity.WARN)


@asset_check(asset=manager_alerts)
def negative_feedback_quotes_the_member(warehouse: Warehouse) -> AssetCheckResult:
    """Every negative-feedback alert quotes a turn that exists; a manager must be able to read why."""
    with warehouse.connect() as connection:
        wordless = alerts.count_feedback_without_words(connection)
    return _result(wordless, "alerts_without_words", AssetCheckSeverity.ERROR)


LIVE_CHECKS: tuple[AssetChecksDefinition, ...] = (
    closed_sessions_are_queued,
    *EVIDENCE_CHECKS,
    no_session_is_parked,
    no_gym_keeps_more_than_it_says,
    enrichments_arrive,
    analytics_follow_conversations,
    analytics_are_of_these_days,
    negative_feedback_quotes_the_member,
)


def _result(found: int, name: str, severity: AssetCheckSeverity) -> AssetCheckResult:
    return AssetCheckResult(passed=found == 0, severity=severity, metadata={name: found})
