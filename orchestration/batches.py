"""The three live stages as plain functions: claim rows, work, write and mark in one transaction.

No Dagster here: the assets call these, and `bench/pipeline_latency.py` calls them bare to measure
what Dagster adds. Each stage finds its work in the tables, so a crash between two of them loses
nothing, and `for update skip locked` keeps two workers off the same rows.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
from psycopg import Connection

from jarvis.alerts import Finding, alerts_for
from jarvis.conversations import Analysis, AnalysisFailure
from jarvis.members import member_analytics
from warehouse.stores import alerts, conversations, members

if TYPE_CHECKING:
    from ml.conversations.engine import AnalysisEngine

logger = logging.getLogger("jarvis.pipeline")

BATCH_SIZE = 50
# A hosted engine answers in seconds, and its rows stay locked meanwhile.
HOSTED_BATCH_SIZE = 8

# A run goes on with new arrivals so long, then lets the later stages have their turn.
DRAIN_SECONDS = 5.0

# An engine that is down is asked again after this.
ENGINE_RETRY_AFTER = timedelta(seconds=30)


class AnalysisBatchFailed(RuntimeError):
    """The engine could not go on; the conversations it had not done are due again later, none lost a try."""


@dataclass(frozen=True, slots=True)
class AnalysisReport:
    """What became of the claimed conversations."""

    completed: int = 0
    retried: int = 0
    parked: int = 0
    skipped: int = 0
    tokens: int = 0
    cost_usd: float = 0.0

    def __add__(self, other: "AnalysisReport") -> "AnalysisReport":
        return AnalysisReport(
            completed=self.completed + other.completed,
            retried=self.retried + other.retried,
            parked=self.parked + other.parked,
            skipped=self.skipped + other.skipped,
            tokens=self.tokens + other.tokens,
            cost_usd=self.cost_usd + other.cost_usd,
        )

    @property
    def claimed(self) -> int:
        """How many conversations were taken from the queue."""
        return self.completed + self.retried + self.parked + self.skipped


@dataclass(frozen=True, slots=True)
class AlertReport:
    """Alerts written by type, and how many conversations' alerts the database refused."""

    written: Counter[str] = field(default_factory=Counter)
    refused: int = 0

    def __add__(self, other: "AlertReport") -> "AlertReport":
        return AlertReport(self.written + other.written, self.refused + other.refused)


def analyse_due(
    connection: Connection,
    engine: "AnalysisEngine",
    *,
    drain_seconds: float = DRAIN_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> AnalysisReport:
    """Every due conversation is analysed, or its failure counted; batch by batch until none is due or time is up.

    Raises:
        AnalysisBatchFailed: when the engine itself does not work.
    """
    batch_size = HOSTED_BATCH_SIZE if engine.name == "openai" else BATCH_SIZE
    until = clock() + drain_seconds
    report = analyse_batch(connection, engine, batch_size=batch_size)
    total = report
    while report.claimed == batch_size and clock() < until:
        report = analyse_batch(connection, engine, batch_size=batch_size)
        total += report
    return total


def analyse_batch(connection: Connection, engine: "AnalysisEngine", *, batch_size: int) -> AnalysisReport:
    """One batch is claimed and its outcomes are written, in one transaction.

    Raises:
        AnalysisBatchFailed: when the engine itself does not work; what it had done is written, the rest put off.
    """
    from ml.conversations.engine import EngineError, analyse_each

    failed: AnalysisBatchFailed | None = None
    report = AnalysisReport()
    with connection.transaction():
        claimed = conversations.claim_due(connection, batch_size=batch_size)
        outcomes: list[Analysis | AnalysisFailure] = [
            AnalysisFailure(one.session_id, "found no turn of the member, expected at least one", is_permanent=True)
            for one in claimed
            if not one.member_turns
        ]
        try:
            outcomes += analyse_each(engine, [one for one in claimed if one.member_turns])
        except EngineError as error:
            failed = AnalysisBatchFailed(str(error))
            # Done means paid, where the engine is hosted.
            outcomes += error.done
            finished = {outcome.session_id for outcome in outcomes}
            conversations.postpone(
                connection,
                [one.session_id for one in claimed if one.session_id not in finished],
                reason=str(failed),
                retry_after=ENGINE_RETRY_AFTER,
            )
        for outcome in outcomes:
            report += _write(connection, outcome)
    if failed is not None:
        raise failed
    return report


def count_members(connection: Connection, *, batch_size: int = BATCH_SIZE) -> int:
    """Every member with a conversation not yet counted has fresh analytics; how many members were recomputed."""
    touched = 0
    while True:
        with connection.transaction():
            uncounted = members.claim_uncounted(connection, batch_size=batch_size)
            member_ids = sorted({one.member_id for one in uncounted if one.member_id is not None})
            if member_ids:
                facts = members.load_facts(connection, member_ids)
                now = datetime.now(UTC)
                members.save_analytics(connection, [member_analytics(one, now=now) for one in facts])
            if uncounted:
                members.mark_counted(connection, [one.session_id for one in uncounted])
        touched += len(member_ids)
        if len(uncounted) < batch_size:
            return touched


def raise_alerts(
    connection: Connection, *, negative_feedback_below: float, batch_size: int = BATCH_SIZE
) -> AlertReport:
    """Every counted conversation's alerts are raised; one the database refuses stays behind alone."""
    total = AlertReport()
    while True:
        with connection.transaction():
            findings = alerts.claim_unalerted(connection, batch_size=batch_size)
            report = _raise_batch(connection, findings, negative_feedback_below=negative_feedback_below)
        total += report
        # What was refused would be claimed again at once: the next run tries it.
        if len(findings) < batch_size or report.refused:
            return total


def _raise_batch(connection: Connection, findings: Sequence[Finding], *, negative_feedback_below: float) -> AlertReport:
    found = [(one, alerts_for(one, negative_feedback_below=negative_feedback_below)) for one in findings]
    # One order for everybody: two batches that touch the same open alerts cannot deadlock.
    wanted = sorted(
        ((alert, one) for one, raised in found for alert in raised),
        key=lambda pair: (pair[0].gym_id, pair[0].dedup_key),
    )
    written: Counter[str] = Counter()
    refused: set[UUID] = set()
    for alert, finding in wanted:
        try:
            with connection.transaction():
                written[alert.alert_type] += alerts.raise_alert(connection, alert)
        except (psycopg.DataError, psycopg.IntegrityError) as error:
            logger.error(
                "alert refused", extra={"session_id": str(finding.session_id), "constraint": error.diag.constraint_name}
            )
            refused.add(finding.session_id)
    if findings:
        alerts.mark_alerted(connection, [one.session_id for one in findings if one.session_id not in refused])
    return AlertReport(written=written, refused=len(refused))


def _write(connection: Connection, outcome: Analysis | AnalysisFailure) -> AnalysisReport:
    """The outcome is written; one the database refuses counts as a failure and its neighbours stay."""
    if isinstance(outcome, Analysis):
        try:
            with connection.transaction():
                conversations.save_analysis(connection, outcome)
        except (psycopg.DataError, psycopg.IntegrityError, ValueError) as error:
            constraint = error.diag.constraint_name if isinstance(error, psycopg.Error) else None
            reason = f"the analysis was refused: {constraint or type(error).__name__}"
            outcome = AnalysisFailure(outcome.session_id, reason)
        else:
            return AnalysisReport(completed=1, tokens=outcome.tokens, cost_usd=outcome.cost_usd)
    status = conversations.save_failure(connection, outcome)
    return AnalysisReport(
        retried=int(status == "pending"), parked=int(status == "parked"), skipped=int(status == "skipped")
    )
