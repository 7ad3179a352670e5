"""Alerts as the pages know them: what one holds, which ones are asked for, and what may be done.

Records and the `AlertDesk` seam only; `alert_desk.py` speaks to the database, `cards.py` draws.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum, StrEnum, auto
from typing import Protocol
from uuid import UUID

from jarvis.tenancy import Scope


class AlertStatus(StrEnum):
    """An alert's workflow; the database refuses any step that is not legal."""

    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    RESOLVED = "resolved"
    DISMISSED = "dismissed"


OPEN_STATUSES = (AlertStatus.PENDING, AlertStatus.IN_PROGRESS)
CLOSED_STATUSES = (AlertStatus.RESOLVED, AlertStatus.DISMISSED)

# Streamlit sends every element over the socket and the browser places each: twenty cards keep a page within a second.
PAGE_SIZE = 20


@dataclass(frozen=True, slots=True)
class Quote:
    """Words a member said, on which an alert rests."""

    turn_id: str
    text: str
    said_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alert with everything its card shows."""

    id: UUID
    alert_type: str
    priority: str
    status: AlertStatus
    title: str
    description: str | None
    gym_name: str
    timezone: str
    """The gym's own: its staff read its clock."""
    member_name: str | None
    kiosk_name: str | None
    quotes: tuple[Quote, ...]
    recommended_actions: tuple[str, ...]
    occurrence_count: int
    created_at: datetime
    last_occurred_at: datetime
    assigned_to: UUID | None
    assignee_name: str | None
    """None also where the row security hides the person (an owner acting on a gym's alert)."""
    resolved_at: datetime | None
    outcome_code: str | None
    resolution_notes: str | None
    member_id: UUID | None = None
    """None where it is about no member."""
    member_phone: str | None = None
    member_email: str | None = None
    message_text: str | None = None
    """What could be written to the member; None where there is no draft."""
    message_used_at: datetime | None = None
    """When somebody said that they sent it."""

    @property
    def is_open(self) -> bool:
        """True while somebody should still act."""
        return self.status in OPEN_STATUSES


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertChoice:
    """Which alerts a person asked to see."""

    statuses: tuple[AlertStatus, ...] = OPEN_STATUSES
    alert_types: tuple[str, ...] = ()
    """Empty means all."""
    priorities: tuple[str, ...] = ()
    """Empty means all."""
    within: timedelta | None = None
    """Only alerts that occurred, or were closed, this recently; None means any time."""
    gym_id: UUID | None = None
    """None means every gym in scope."""
    first: date | None = None
    """Only alerts raised on this day of their gym's calendar, or later."""
    last: date | None = None
    """Only alerts raised on this day of their gym's calendar, or earlier."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPage:
    """The chosen alerts of one page, and where it stands among all of them."""

    alerts: Sequence[Alert] = ()
    """At most `PAGE_SIZE`; none only where none is chosen."""
    number: int = 1
    """From 1; the last page's where the one asked for lies past it."""
    chosen_count: int = 0
    """Of every page."""
    newest_at: datetime | None = None
    """When the latest of every page was raised."""
    new_count: int = 0
    """Of every page: those that wait, raised after the moment that was asked."""

    @property
    def page_count(self) -> int:
        """How many pages hold them all; 1 for none."""
        return max(1, -(-self.chosen_count // PAGE_SIZE))


@dataclass(frozen=True, slots=True)
class AlertCounts:
    """The state of the desk at a glance."""

    pending_count: int
    urgent_count: int
    """Of those pending."""
    in_progress_count: int
    closed_count: int
    """Since the moment that was asked."""

    @property
    def open_count(self) -> int:
        """Alerts somebody should still act on."""
        return self.pending_count + self.in_progress_count


@dataclass(frozen=True, slots=True)
class DeskMark:
    """Where the open alerts stand: it differs once one of them came, changed or went."""

    open_count: int
    changes: Decimal
    """The moments of their last changes, summed: a commit that comes late counts like any other."""


class Refused(Enum):
    """Why nothing was done, where a page goes on by it; the sentence is for people."""

    INCOMPLETE = auto()
    """A field that must be filled in is empty."""
    TAKEN = auto()
    """A name or a code that somebody else has."""
    OUTDATED = auto()
    """What the person had before them has changed meanwhile."""


@dataclass(frozen=True, slots=True)
class Change:
    """What came of an action."""

    is_done: bool
    message: str
    """For the person who acted."""
    refused: tuple[tuple[str, str], ...] = ()
    """Of several alerts, those that stayed as they were: title and reason."""
    reason: Refused | None = None


class AlertDesk(Protocol):
    """What the alerts page needs; every method takes the scope it answers for."""

    def alerts(
        self, scope: Scope, choice: AlertChoice, *, page: int = 1, seen_until: datetime | None = None
    ) -> AlertPage:
        """One page of the chosen alerts, what is urgent first; those raised after `seen_until` are counted as new."""

    def counts(self, scope: Scope, *, gym_id: UUID | None, closed_since: datetime) -> AlertCounts:
        """How many alerts wait, are in hand, and were closed."""

    def mark(self, scope: Scope) -> DeskMark:
        """Where the person's open alerts stand: cheap, for a page that asks every second."""

    def take(self, scope: Scope, alert: Alert) -> Change:
        """The alert is in the person's hands, unless somebody was faster."""

    def colleagues(self, scope: Scope, *, gym_id: UUID | None) -> Mapping[UUID, str]:
        """Who may be given an alert, as far as the person sees them: name by id."""

    def assign(self, scope: Scope, alert: Alert, *, assignee: UUID) -> Change:
        """The alert is in somebody's hands, who sees its gym."""

    def release(self, scope: Scope, alert: Alert) -> Change:
        """The alert waits for somebody again."""

    def resolve(self, scope: Scope, alert: Alert, *, outcome_code: str, notes: str) -> Change:
        """The alert is resolved with its outcome."""

    def dismiss(self, scope: Scope, alert: Alert, *, reason: str) -> Change:
        """The alert is closed without action, with the reason."""

    def use_message(self, scope: Scope, alert: Alert, *, text: str) -> Change:
        """The message is on record as sent by the person, in these words; nothing sends it."""


def read_quotes(context: Mapping[str, object]) -> tuple[Quote, ...]:
    """The quotes of an alert's context, in the order they were kept; entries without words are left out.

    `warehouse/stores/alerts.py` writes them as `turns`: turn_id, text, said_at.
    """
    kept = context.get("turns")
    if not isinstance(kept, list):
        return ()
    return tuple(
        Quote(str(entry.get("turn_id", "")), entry["text"].strip(), _moment(entry.get("said_at")))
        for entry in kept
        if isinstance(entry, Mapping) and isinstance(entry.get("text"), str) and entry["text"].strip()
    )


def read_actions(recommended: object) -> tuple[str, ...]:
    """The recommended actions as sentences; an entry is a sentence, or an object with one in `text`."""
    if not isinstance(recommended, list):
        return ()
    sentences = (entry.get("text") if isinstance(entry, Mapping) else entry for entry in recommended)
    return tuple(sentence.strip() for sentence in sentences if isinstance(sentence, str) and sentence.strip())


def _moment(found: object) -> datetime | None:
    """An aware time written in ISO 8601; None for anything else, since the quote counts and not its hour."""
    if not isinstance(found, str):
        return None
    try:
        moment = datetime.fromisoformat(found)
    except ValueError:
        return None
    return moment if moment.tzinfo is not None else None
