"""What can happen to a voice session, and what can be done about it: the vocabulary of its pure core.

`session.py` turns events into effects, `relay.py` brings events and runs effects. Records only.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from jarvis.kiosks import Badge
from jarvis.sessions import CloseReason, Limits
from jarvis.storage import StorageLevel
from voice_gateway.protocol.realtime import SessionProfile
from warehouse.stores.sessions import Record, Scope

Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Moment:
    """Now: the wall clock for the record, a monotonic clock for decisions."""

    at: datetime
    seconds: float


# What happens to a session.


@dataclass(frozen=True, slots=True)
class Opened:
    """A badge or a connection starts the session."""

    badge: Badge | None
    """None for a session without badge."""


@dataclass(frozen=True, slots=True)
class KioskSent:
    """An event of the kiosk."""

    event: Event


@dataclass(frozen=True, slots=True)
class KioskRefused:
    """A frame of the kiosk was no event for the session: it is answered by an error."""

    error: Event


@dataclass(frozen=True, slots=True)
class UpstreamOpened:
    """The upstream accepted the connection."""

    leg: int = 1
    """Which of the session's connections; the first is 1."""


@dataclass(frozen=True, slots=True)
class UpstreamSent:
    """An event of the upstream."""

    event: Event
    text: str
    """The frame it came in, relayed as it is where nothing has to be hidden."""
    leg: int = 1


@dataclass(frozen=True, slots=True)
class UpstreamLost:
    """The upstream could not be reached, or went away."""

    detail: str
    """For the record: never words of a member."""
    leg: int = 1
    is_fatal: bool = False
    """True when another try would end the same way."""


@dataclass(frozen=True, slots=True)
class KioskLost:
    """The kiosk's connection is gone."""

    reason: CloseReason
    cause: str | None = None
    """Why the gateway gave it up, where it did."""
    is_taken: bool = False
    """True where somebody else stands at the kiosk already."""


@dataclass(frozen=True, slots=True)
class KioskAway:
    """The kiosk's connection broke; it may come back."""


@dataclass(frozen=True, slots=True)
class KioskBack:
    """The kiosk is there again, on another connection."""


@dataclass(frozen=True, slots=True)
class ToolFinished:
    """A tool gave its answer, or did not in time."""

    call_id: str
    status: str
    """done, failed or timed_out."""
    output: Event
    is_ours: bool = True
    """False where somebody else runs the call: its end is not ours to record."""
    claimed_at: datetime | None = None
    """Of the claim that ran it."""


@dataclass(frozen=True, slots=True)
class CloseRequested:
    """Somebody other than the kiosk ends the session."""

    reason: CloseReason


@dataclass(frozen=True, slots=True)
class ConsentKept:
    """The answer to the notice is on record."""


@dataclass(frozen=True, slots=True)
class BudgetSpent:
    """The gym's month allows no more voice."""


@dataclass(frozen=True, slots=True)
class GymSuspended:
    """The gym is not served any more: the session ends where nobody is cut short, and soon."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed; due no later than `VoiceSession.deadline()`."""


SessionEvent = (
    Opened
    | KioskSent
    | KioskRefused
    | UpstreamOpened
    | UpstreamSent
    | UpstreamLost
    | KioskLost
    | KioskAway
    | KioskBack
    | ToolFinished
    | CloseRequested
    | ConsentKept
    | BudgetSpent
    | GymSuspended
    | Tick
)

# What is to be done about it.


@dataclass(frozen=True, slots=True)
class Persist:
    """Put on record; when durable, committed before the next effect."""

    records: tuple[Record, ...]
    is_durable: bool


def committed(*records: Record) -> Persist:
    """These are on disk before the next effect runs."""
    return Persist(records, is_durable=True)


def noted(*records: Record) -> Persist:
    """These are written soon."""
    return Persist(records, is_durable=False)


@dataclass(frozen=True, slots=True)
class ToKiosk:
    """Send to the kiosk."""

    text: str


@dataclass(frozen=True, slots=True)
class ToUpstream:
    """Send to the upstream."""

    text: str
    leg: int = 1
    sound_ms: int = 0
    """Sound of the member that may be dropped if it gets late; 0 for what must arrive."""


@dataclass(frozen=True, slots=True)
class Dial:
    """Open a connection to the upstream, once, after a pause."""

    leg: int = 1
    after_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class HangUp:
    """Close one connection to the upstream; the session goes on."""

    leg: int


@dataclass(frozen=True, slots=True)
class RunTool:
    """Run a tool that is on record as started."""

    call_id: str
    name: str
    arguments: Event


@dataclass(frozen=True, slots=True)
class LookAtBudget:
    """Find out whether the gym's month still allows voice, beside everything else; `BudgetSpent` where it does not."""


@dataclass(frozen=True, slots=True)
class Report:
    """Tell the core that the effects before this one have run: both directions go on meanwhile."""

    event: ConsentKept


@dataclass(frozen=True, slots=True)
class Finished:
    """The session is closed on record: hang up the upstream, and forget the session."""

    reason: CloseReason
    cost_usd: Decimal


Effect = Persist | ToKiosk | ToUpstream | Dial | HangUp | RunTool | LookAtBudget | Report | Finished


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionPlan:
    """Everything decided before the first word."""

    scope: Scope
    profile: SessionProfile
    gateway_instance: str
    is_kiosk: bool
    """True for clients that opted in to `kiosk.*` events."""
    limits: Limits = field(default_factory=Limits)
    instructions: Mapping[str, str] = field(default_factory=dict, repr=False)
    """The profile's instructions in each language that the member may change to."""
    greets: bool = False
    """True where the assistant speaks first."""
    storage_level: StorageLevel = StorageLevel.ALL
    """What the gym keeps of what is said, as the notice tells it."""
