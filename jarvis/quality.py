"""What the raw tables must be like: suites of expectations as data, run elsewhere with Great Expectations.

Pure: no frame, no library. Each suite is one asset check; what is checked of it is a frame that a block of
`warehouse/queries/quality.sql` gives, without a word anybody said, a name or a badge.
`orchestration/quality.py` runs them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from jarvis.conversations import Emotion, Role, Sentiment
from jarvis.kiosks import BadgeOutcome
from jarvis.sessions import MOST_COST_USD, MOST_SECONDS, CloseReason, SessionState
from jarvis.storage import StorageLevel


class Severity(StrEnum):
    """How bad it is that an expectation is not met."""

    WARN = "warn"
    """Somebody should look; what is computed from the table still holds."""
    ERROR = "error"
    """What is computed from the table would be wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """One thing that is expected of one column of a suite's frame, or of several."""

    kind: str
    """As Great Expectations names its class, without `Expect`: `ColumnValuesToBeInSet`."""
    arguments: Mapping[str, object]
    severity: Severity = Severity.ERROR

    @property
    def subject(self) -> str:
        """The column it speaks of; several joined by a comma."""
        named = self.arguments.get("column", self.arguments.get("column_list", ""))
        return ", ".join(named) if isinstance(named, list) else str(named)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """What is expected of one raw table from one side; one asset check."""

    name: str
    """Of the check, and of the query that gives the frame where no other is named."""
    table: str
    says: str
    """The first sentence of the check."""
    expectations: tuple[Expectation, ...]
    columns: Mapping[str, str] = field(default_factory=dict)
    """Columns the table must have, with their types as Postgres writes them: the schema that is built upon."""
    query: str | None = None
    """Of the frame, where the suites of several tables share one."""
    is_blocking: bool = False
    """True where marts built from the table would lie: they are not built while the newest result is an error."""


def _known(column: str, values: type[StrEnum] | tuple[str, ...], *, severity: Severity = Severity.ERROR) -> Expectation:
    """Every value, where there is one, is of the vocabulary."""
    return Expectation(
        kind="ColumnValuesToBeInSet",
        arguments={"column": column, "value_set": [str(value) for value in values]},
        severity=severity,
    )


def _between(
    column: str, low: float | None, high: float | None, *, severity: Severity = Severity.ERROR, mostly: float = 1.0
) -> Expectation:
    """Every value, where there is one, lies in the range, ends included; `mostly` is the least share that must."""
    arguments = {"column": column, "min_value": low, "max_value": high, "mostly": mostly}
    return Expectation(kind="ColumnValuesToBeBetween", arguments=arguments, severity=severity)


def _given(column: str, *, severity: Severity = Severity.ERROR) -> Expectation:
    return Expectation(kind="ColumnValuesToNotBeNull", arguments={"column": column}, severity=severity)


def _true(column: str, *, severity: Severity = Severity.ERROR, mostly: float = 1.0) -> Expectation:
    arguments: dict[str, object] = {"column": column, "value_set": [True], "mostly": mostly}
    return Expectation(kind="ColumnValuesToBeInSet", arguments=arguments, severity=severity)


def _unique(*columns: str) -> Expectation:
    return Expectation(kind="CompoundColumnsToBeUnique", arguments={"column_list": list(columns)})


# What settings may allow and a bit: the last answer is billed, and a lost session closed, after the limit.
LONGEST_SESSION_SECONDS = MOST_SECONDS + 600
DEAREST_SESSION_USD = MOST_COST_USD + 5
# Of one answer or transcription: far above ten cents, the dearest minute of talk.
DEAREST_USAGE_USD = 5
# No membership is dearer than the dearest club of the field.
DEAREST_MONTH_EUR = 500
LONGEST_TERM_DAYS = 1_200
MOST_TOKENS = 1_000_000
# A clock that is ahead by more writes visits into tomorrow.
MOST_SECONDS_AHEAD = 300

# Of the median of the same weekday in the six weeks before: a holiday or a fair explains this much, not more.
LEAST_OF_USUAL = 0.3
MOST_OF_USUAL = 3.0

# Audio is never stored: an event says its length. A payload this long would hold some.
LONGEST_PAYLOAD_BYTES = 262_144

SUITES: tuple[Suite, ...] = (
    Suite(
        name="sessions_keep_their_contract",
        table="openai_realtime_sessions",
        says="Sessions of the last days have known states, a plausible length and cost, and one end.",
        is_blocking=True,
        columns={
            "id": "uuid", "gym_id": "uuid", "kiosk_id": "uuid", "member_id": "uuid", "state": "text",
            "started_at": "timestamp with time zone", "ended_at": "timestamp with time zone", "close_reason": "text",
            "cost_usd": "numeric(12,6)", "language": "text", "has_analysis_consent": "boolean",
        },
        expectations=(
            _known("state", SessionState),
            _known("close_reason", CloseReason),
            _known("badge_outcome", BadgeOutcome),
            _known("storage_level", StorageLevel),
            _known("language", ("fr", "en", "es"), severity=Severity.WARN),
            _true("has_one_end"),
            _between("duration_seconds", 0, LONGEST_SESSION_SECONDS),
            _between("cost_usd", 0, DEAREST_SESSION_USD),
            _between("seconds_ahead", None, MOST_SECONDS_AHEAD),
            _true("cost_is_its_ledger"),
        ),
    ),
    Suite(
        name="session_volume_is_usual",
        table="openai_realtime_sessions",
        query="volume_is_usual",
        says="Each gym had about as many sessions on the last whole day as on the same weekday of the weeks before.",
        expectations=(_between("share_of_usual", LEAST_OF_USUAL, MOST_OF_USUAL, severity=Severity.WARN),),
    ),
    Suite(
        name="events_keep_their_contract",
        table="realtime_events",
        says="Protocol events have a known direction and a type, are complete in their session and hold no audio.",
        columns={
            "session_id": "uuid", "gym_id": "uuid", "seq": "integer", "occurred_at": "timestamp with time zone",
            "direction": "text", "event_type": "text", "payload": "jsonb",
        },
        expectations=(
            _known("direction", ("kiosk_in", "kiosk_out", "upstream_in", "upstream_out", "gateway")),
            Expectation(
                kind="ColumnValuesToMatchRegex",
                arguments={"column": "event_type", "regex": r"^[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*$"},
            ),
            _true("payload_is_an_object"),
            _between("payload_bytes", 2, LONGEST_PAYLOAD_BYTES),
            _between("skipped_numbers", 0, 0, severity=Severity.WARN),
        ),
    ),
    Suite(
        name="turns_keep_their_contract",
        table="session_turns",
        says="Turns stand once at their position, were said by somebody, and carry labels of the vocabulary.",
        is_blocking=True,
        columns={
            "id": "uuid", "session_id": "uuid", "gym_id": "uuid", "position": "integer", "role": "text",
            "status": "text", "started_at": "timestamp with time zone", "sentiment_score": "numeric(3,2)",
        },
        expectations=(
            _unique("session_id", "position"),
            _known("role", Role),
            _known("status", ("final", "interrupted", "failed")),
            _known("sentiment_label", Sentiment),
            _known("emotion", Emotion),
            _between("sentiment_score", -1, 1),
            _between("heard_share", 0, 1, severity=Severity.WARN),
            _true("is_of_its_sessions_gym"),
        ),
    ),
    Suite(
        name="usage_can_be_billed",
        table="realtime_usage",
        says="Each response and transcription has tokens in a plausible range, a model, a price and a cost.",
        is_blocking=True,
        columns={
            "session_id": "uuid", "gym_id": "uuid", "source_kind": "text", "model": "text",
            "cost_usd": "numeric(12,6)", "price_version": "text", "occurred_at": "timestamp with time zone",
        },
        expectations=(
            _known("source_kind", ("response", "transcription")),
            _given("model"),
            _given("price_version"),
            _between("input_tokens", 0, MOST_TOKENS),
            _between("output_tokens", 0, MOST_TOKENS),
            _true("cached_is_part_of_input"),
            _between("cost_usd", 0, DEAREST_USAGE_USD),
            _true("is_reported", severity=Severity.WARN, mostly=0.95),
        ),
    ),
    Suite(
        name="visits_are_plausible",
        table="member_visits",
        says="Visits come from a known source, once, at a time that has been, of a member of the gym.",
        is_blocking=True,
        columns={
            "gym_id": "uuid", "member_id": "uuid", "visited_at": "timestamp with time zone", "source": "text",
        },
        expectations=(
            _known("source", ("badge", "door", "import")),
            _unique("member_id", "visited_at", "source"),
            _between("seconds_ahead", None, MOST_SECONDS_AHEAD),
            _true("is_of_its_members_gym"),
        ),
    ),
    Suite(
        name="visit_volume_is_usual",
        table="member_visits",
        query="volume_is_usual",
        says="Each gym had about as many visits on the last whole day as on the same weekday of the weeks before.",
        expectations=(_between("share_of_usual", LEAST_OF_USUAL, MOST_OF_USUAL, severity=Severity.WARN),),
    ),
    Suite(
        name="memberships_are_plausible",
        table="memberships",
        says="Memberships have a known status, a plausible term and a plausible price.",
        columns={
            "gym_id": "uuid", "member_id": "uuid", "status": "text", "started_on": "date", "expires_on": "date",
            "monthly_price_eur": "numeric(8,2)",
        },
        expectations=(
            _known("status", ("active", "frozen", "cancelled", "expired")),
            _between("term_days", 0, LONGEST_TERM_DAYS, severity=Severity.WARN),
            _between("monthly_price_eur", 0, DEAREST_MONTH_EUR, severity=Severity.WARN),
            _true("cancelled_has_a_date"),
        ),
    ),
    Suite(
        name="kiosks_are_heard_when_used",
        table="kiosk_heartbeats",
        says="A kiosk that held sessions on a day was heard that day, and one that was heard has its gym's visits.",
        expectations=(
            _true("is_heard_when_used", severity=Severity.WARN, mostly=0.95),
            _true("has_visits_when_heard", severity=Severity.WARN),
            _between("network_ms", 0, 60_000, severity=Severity.WARN),
        ),
    ),
)  # fmt: skip

BY_NAME: Mapping[str, Suite] = {suite.name: suite for suite in SUITES}
BLOCKING: tuple[str, ...] = tuple(suite.name for suite in SUITES if suite.is_blocking)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one expectation was met."""

    suite: str
    expectation: str
    """Kind and subject, such as `ColumnValuesToBeInSet(state)`."""
    severity: Severity
    is_met: bool
    element_count: int
    """Rows looked at."""
    unexpected_count: int
    """Rows that are not as expected; 1 where the expectation is of the whole frame."""
    error: str | None = None
    """Why it could not be looked at: the kind of the error, never its message, which may quote a row."""
