"""The second tier as a plain function: what the hosted engine makes of conversations that everybody sees already.

Its queue, its runs and its worker are its own, and its locks are on the queue alone: a provider that is slow, dead or
out of credit delays no live run, and the local analysis stays in the row, which says what it waits for. No Dagster
here: `orchestration/assets/enrichments.py` calls this. The first tier and the later stages are `batches`.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg import Connection

from jarvis.conversations import Analysis, AnalysisFailure
from orchestration.batches import ENGINE_RETRY_AFTER, UNWRITABLE, AnalysisBatchFailed, refused
from warehouse.stores import circuits, conversations, enrichments, paid_replies

if TYPE_CHECKING:
    from ml.conversations.engine import AnalysisEngine

# A provider answers in seconds, and what was claimed stays claimed meanwhile.
BATCH_SIZE = 8

# A run goes on with what waits so long, then lets the members and the alerts stage see what it has.
DRAIN_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class EnrichmentReport:
    """What became of the claimed conversations."""

    enriched: int = 0
    retried: int = 0
    failed: int = 0
    """Given up: the local analysis stays, with the reason."""
    put_off: int = 0
    """Not tried: their provider is left alone for a while."""
    late: int = 0
    """Answered for nothing: they were asked to be analysed anew meanwhile."""
    tokens: int = 0
    cost_usd: float = 0.0

    def __add__(self, other: "EnrichmentReport") -> "EnrichmentReport":
        return EnrichmentReport(
            enriched=self.enriched + other.enriched,
            retried=self.retried + other.retried,
            failed=self.failed + other.failed,
            put_off=self.put_off + other.put_off,
            late=self.late + other.late,
            tokens=self.tokens + other.tokens,
            cost_usd=self.cost_usd + other.cost_usd,
        )

    @property
    def claimed(self) -> int:
        """How many conversations were taken from the queue."""
        return self.enriched + self.retried + self.failed + self.put_off + self.late


def enrich_due(
    connection: Connection,
    engine: "AnalysisEngine",
    *,
    drain_seconds: float = DRAIN_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> EnrichmentReport:
    """Every conversation due for the hosted engine is enriched, or its failure counted, until time is up.

    Raises:
        AnalysisBatchFailed: when the provider does not work at all.
    """
    until = clock() + drain_seconds
    total = report = enrich_batch(connection, engine)
    while report.claimed == BATCH_SIZE and clock() < until:
        report = enrich_batch(connection, engine)
        total += report
    return total


def enrich_batch(connection: Connection, engine: "AnalysisEngine") -> EnrichmentReport:
    """One batch is claimed, asked for and written, in one transaction.

    Raises:
        AnalysisBatchFailed: when the provider does not work at all; what it had done is written, the rest put off.
    """
    from ml.conversations.engine import EngineError, analyse_each

    failed: AnalysisBatchFailed | None = None
    report = EnrichmentReport()
    with connection.transaction():
        passage = circuits.ask_passage(connection, engine.name)
        claimed = enrichments.claim(connection, batch_size=1 if passage.is_probe else BATCH_SIZE)
        if passage.wait is not None:
            enrichments.postpone(
                connection,
                [one.session_id for one in claimed],
                reason=f"engine {engine.name!r}: its provider failed several times and is left alone for a while",
                retry_after=passage.wait,
            )
            return EnrichmentReport(put_off=len(claimed))
        if not claimed:
            return report
        try:
            outcomes = analyse_each(engine, claimed)
        except EngineError as error:
            failed = AnalysisBatchFailed(str(error))
            # Done means paid.
            outcomes = list(error.done)
            finished = {outcome.session_id for outcome in outcomes}
            enrichments.postpone(
                connection,
                [one.session_id for one in claimed if one.session_id not in finished],
                reason=str(failed),
                retry_after=ENGINE_RETRY_AFTER,
            )
        if failed is not None and not any(isinstance(outcome, Analysis) for outcome in outcomes):
            circuits.count_failure(connection, engine.name)
        else:
            circuits.close(connection, engine.name)
        for outcome in outcomes:
            report += _write(connection, outcome)
    if failed is not None:
        raise failed
    return report


def _write(connection: Connection, outcome: Analysis | AnalysisFailure) -> EnrichmentReport:
    """The outcome is written and its replies are forgotten; one the database refuses counts as a failure."""
    if isinstance(outcome, Analysis):
        try:
            with connection.transaction():
                if not conversations.save_analysis(connection, outcome, is_enrichment=True):
                    # Its replies stay, for the try that follows the new local analysis.
                    return EnrichmentReport(late=1)
                enrichments.settle(connection, outcome.session_id)
                paid_replies.settle(connection, outcome.session_id)
        except UNWRITABLE as error:
            outcome = refused(outcome, error)
        else:
            return EnrichmentReport(enriched=1, tokens=outcome.tokens, cost_usd=outcome.cost_usd)
    state = enrichments.save_failure(connection, outcome)
    return EnrichmentReport(retried=int(state == "waiting"), failed=int(state == "failed"))
