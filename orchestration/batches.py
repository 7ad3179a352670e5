"""The three live stages as plain functions: claim rows, work, write and mark in one transaction.

No Dagster here: the assets call these, and `bench/pipeline_latency.py` calls them bare to measure
what Dagster adds. Each stage finds its work in the tables, so a crash between two of them loses
nothing, and `for update skip locked` keeps two workers off the same rows. The second tier, which asks
a provider, is `orchestration/enrichment.py`.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

import psycopg
from psycopg import Connection

from jarvis.alert_causes import as_handed_on, without_doubles
from jarvis.alerts import Alert, Finding, alerts_for
from jarvis.conversations import Analysis, AnalysisFailure
from jarvis.members import member_analytics
from orchestration import words
from warehouse.stores import alerts, conversations, enrichments, members

if TYPE_CHECKING:
    from ml.conversations.engine import AnalysisEngine

BATCH_SIZE = 50

# A run goes on with new arrivals so long, then lets the later stages have their turn.
DRAIN_SECONDS = 5.0

# An engine that is down is asked again after this.
ENGINE_RETRY_AFTER = timedelta(seconds=30)


# What one row can be at fault for; anything else of Postgres would meet every row.
REFUSALS = (psycopg.DataError, psycopg.IntegrityError, psycopg.errors.RaiseException)

# What an analysis can be at fault for when it is written.
UNWRITABLE = (psycopg.DataError, psycopg.IntegrityError, ValueError)


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
class Refusal:
    """A conversation that a later stage could not take; its neighbours were."""

    session_id: UUID
    reason: str
    """A constraint or a kind of error, never a word of the conversation."""
    is_parked: bool
    """True when this was the last try."""


@dataclass(frozen=True, slots=True)
class MemberReport:
    """How many members were recomputed, and the conversations put off."""

    recomputed: int = 0
    refused: tuple[Refusal, ...] = ()

    def __add__(self, other: "MemberReport") -> "MemberReport":
        return MemberReport(self.recomputed + other.recomputed, self.refused + other.refused)


@dataclass(frozen=True, slots=True)
class RefreshReport:
    """What a refresh of all members did."""

    gyms: int
    recomputed: int
    refused: Mapping[UUID | None, str]
    """Members whose row was refused, and why: a constraint or a kind of error."""


@dataclass(frozen=True, slots=True)
class AlertReport:
    """Alerts written by type, and the conversations put off."""

    written: Counter[str] = field(default_factory=Counter)
    refused: tuple[Refusal, ...] = ()

    def __add__(self, other: "AlertReport") -> "AlertReport":
        return AlertReport(self.written + other.written, self.refused + other.refused)


def analyse_due(
    connection: Connection,
    engine: "AnalysisEngine",
    *,
    has_second_tier: bool = False,
    drain_seconds: float = DRAIN_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> AnalysisReport:
    """Every due conversation is analysed, or its failure counted; batch by batch until none is due or time is up.

    Args:
        has_second_tier: each analysed conversation then waits for the hosted engine, beside what is written here.

    Raises:
        AnalysisBatchFailed: when the engine itself does not work.
    """
    until = clock() + drain_seconds
    total = report = analyse_batch(connection, engine, batch_size=BATCH_SIZE, has_second_tier=has_second_tier)
    while report.claimed == BATCH_SIZE and clock() < until:
        report = analyse_batch(connection, engine, batch_size=BATCH_SIZE, has_second_tier=has_second_tier)
        total += report
    return total


def analyse_batch(
    connection: Connection, engine: "AnalysisEngine", *, batch_size: int, has_second_tier: bool = False
) -> AnalysisReport:
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
            outcomes += error.done
            finished = {outcome.session_id for outcome in outcomes}
            conversations.postpone(
                connection,
                [one.session_id for one in claimed if one.session_id not in finished],
                reason=str(failed),
                retry_after=ENGINE_RETRY_AFTER,
            )
        for outcome in outcomes:
            report += _write(connection, outcome, has_second_tier=has_second_tier)
    if failed is not None:
        raise failed
    return report


def count_members(connection: Connection, *, batch_size: int = BATCH_SIZE, now: datetime | None = None) -> MemberReport:
    """Every member with a conversation not yet counted has fresh analytics; one that is refused is put off alone."""
    total = MemberReport()
    while True:
        with connection.transaction():
            uncounted = members.claim_uncounted(connection, batch_size=batch_size)
            member_ids = sorted({one.member_id for one in uncounted if one.member_id is not None})
            failed = _recount_each(connection, member_ids, now=now or datetime.now(UTC))
            reasons = {one.session_id: failed[one.member_id] for one in uncounted if one.member_id in failed}
            if uncounted:
                members.mark_counted(connection, [one.session_id for one in uncounted if one.session_id not in reasons])
            refused = _put_off(connection, reasons, members.put_off)
        total += MemberReport(len(member_ids) - len(failed), refused)
        if len(uncounted) < batch_size:
            return total


def refresh_members(connection: Connection, *, now: datetime | None = None) -> RefreshReport:
    """Every member of every gym has analytics of today, with or without a conversation; a transaction per gym."""
    moment = now or datetime.now(UTC)
    with connection.transaction():
        gyms = members.gym_ids(connection)
    recomputed = 0
    refused: dict[UUID | None, str] = {}
    for gym_id in gyms:
        with connection.transaction():
            member_ids = members.member_ids_of(connection, gym_id)
            failed = _recount_each(connection, member_ids, now=moment)
        recomputed += len(member_ids) - len(failed)
        refused |= failed
    return RefreshReport(len(gyms), recomputed, refused)


def _recount_each(connection: Connection, member_ids: Sequence[UUID], *, now: datetime) -> dict[UUID | None, str]:
    """The members' rows are fresh; those that could not be written, and why."""

    def recount(some: Sequence[UUID]) -> None:
        facts = members.load_facts(connection, some, now=now)
        days = members.load_gym_days(connection, {one.gym_id for one in facts}, now=now)
        members.save_analytics(connection, [member_analytics(one, days[one.gym_id]) for one in facts])

    if not member_ids or _tried(connection, lambda: recount(member_ids)) is None:
        return {}
    # One by one: who it is that cannot be counted shows only so.
    tries = {one: _tried(connection, partial(recount, [one])) for one in member_ids}
    return {one: reason for one, reason in tries.items() if reason is not None}


def raise_alerts(
    connection: Connection, *, negative_feedback_below: float, batch_size: int = BATCH_SIZE
) -> AlertReport:
    """Every counted conversation's alerts are raised; a conversation with one that is refused is put off alone."""
    total = AlertReport()
    while True:
        with connection.transaction():
            claim = alerts.claim_unalerted(connection, batch_size=batch_size)
            total += _raise_batch(connection, claim, negative_feedback_below=negative_feedback_below)
        if len(claim) < batch_size:
            return total


def _raise_batch(connection: Connection, claim: alerts.Claim, *, negative_feedback_below: float) -> AlertReport:
    reasons = dict(claim.unreadable)
    wanted: list[tuple[Alert, UUID]] = []
    raised = alerts.raised_before(connection, [one.session_id for one in claim.findings])
    unagreed = [one.session_id for one in claim.findings if not one.keeps_health]
    handed_on = alerts.handed_on_sessions(connection, unagreed)
    reported = alerts.issues_handed_on(connection, claim.findings)
    for finding in claim.findings:
        if finding.session_id in handed_on:
            reason = _tried(connection, partial(_leave_health_out, connection, finding))
            if reason is not None:
                reasons[finding.session_id] = reason
                continue
        try:
            found = without_doubles(
                alerts_for(
                    as_handed_on(_quotable(finding), reported.get(finding.session_id, ())),
                    negative_feedback_below=negative_feedback_below,
                ),
                [one for one in raised if one.session_id == finding.session_id],
            )
            wanted += [(alert, finding.session_id) for alert in found]
        except Exception as error:
            # Not its text: it may repeat the member's words.
            reasons[finding.session_id] = f"the rules broke on it: {type(error).__name__}"
    written: Counter[str] = Counter()
    # One order for everybody: two batches that touch the same open alerts cannot deadlock.
    for alert, session_id in sorted(wanted, key=lambda one: (one[0].gym_id, one[0].dedup_key)):
        reason = _tried(connection, partial(_raise_one, connection, alert, written))
        if reason is not None:
            reasons[session_id] = reason
    for finding in claim.findings:
        if finding.session_id in claim.corrected and finding.session_id not in reasons:
            founded = [alert for alert, session_id in wanted if session_id == finding.session_id]
            alerts.mark_unfounded(connection, finding, founded)
    done = [one.session_id for one in claim.findings if one.session_id not in reasons]
    if done:
        alerts.mark_alerted(connection, done)
    refused_ones = _put_off(connection, reasons, alerts.put_off)
    settled = [*done, *(one.session_id for one in refused_ones if one.is_parked)]
    # Where it breaks, the alerts stand: the sweep finds the session again, and fails visibly.
    _tried(connection, partial(words.settle, connection, settled))
    return AlertReport(written, refused_ones)


def _quotable(finding: Finding) -> Finding:
    """The finding as an alert may quote it: without health details that its member has not agreed to have kept."""
    if finding.keeps_health:
        return finding
    from ml.conversations.health import without_details

    return replace(finding, turns=tuple(replace(turn, text=without_details(turn.text)) for turn in finding.turns))


def _leave_health_out(connection: Connection, finding: Finding) -> None:
    """The alerts that the talk's own tools raised say no more of its member's health than those of the analysis."""
    from ml.conversations.health import without_details

    alerts.reword_handed_on(connection, finding, without_details)


def _raise_one(connection: Connection, alert: Alert, written: Counter[str]) -> None:
    written[alert.alert_type] += alerts.raise_alert(connection, alert)


def _tried(connection: Connection, work: Callable[[], object]) -> str | None:
    """The work is done, or taken back alone and the reason given; a fault of the database itself goes on up."""
    try:
        with connection.transaction():
            work()
    except psycopg.Error as error:
        if not isinstance(error, REFUSALS):
            raise
        return f"refused by the database: {error.diag.constraint_name or type(error).__name__}"
    except Exception as error:
        # Not its text: it may repeat the member's words.
        return f"broke on it: {type(error).__name__}"
    return None


def _put_off(connection: Connection, reasons: Mapping[UUID, str], put_off: Callable[..., bool]) -> tuple[Refusal, ...]:
    return tuple(
        Refusal(session_id, reason, put_off(connection, session_id, reason=reason))
        for session_id, reason in sorted(reasons.items())
    )


def _write(connection: Connection, outcome: Analysis | AnalysisFailure, *, has_second_tier: bool) -> AnalysisReport:
    """The outcome is written; one the database refuses counts as a failure and its neighbours stay."""
    if isinstance(outcome, Analysis):
        try:
            with connection.transaction():
                conversations.save_analysis(connection, outcome)
                if has_second_tier:
                    enrichments.queue(connection, outcome.session_id)
        except UNWRITABLE as error:
            outcome = refused(outcome, error)
        else:
            return AnalysisReport(completed=1, tokens=outcome.tokens, cost_usd=outcome.cost_usd)
    status = conversations.save_failure(connection, outcome)
    if status in ("parked", "skipped"):
        _tried(connection, partial(words.settle, connection, [UUID(outcome.session_id)]))
    return AnalysisReport(
        retried=int(status == "pending"), parked=int(status == "parked"), skipped=int(status == "skipped")
    )


def refused(analysis: Analysis, error: Exception) -> AnalysisFailure:
    """The failure of an analysis that the database did not take; never a word of it."""
    constraint = error.diag.constraint_name if isinstance(error, psycopg.Error) else None
    return AnalysisFailure(analysis.session_id, f"the analysis was refused: {constraint or type(error).__name__}")
