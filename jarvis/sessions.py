"""A voice session's life: its states, what it may take, and the one reason it ends with.

`voice_gateway` opens and closes sessions, `warehouse/stores/sessions.py` keeps them, the database
enforces the vocabulary by named checks.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

# The most that settings may allow one session: a record beyond it is wrong, whatever was set.
MOST_SECONDS = 86_400
MOST_COST_USD = 1_000


class SessionState(StrEnum):
    """active until the one close; closed is final."""

    ACTIVE = "active"
    CLOSED = "closed"


class CloseReason(StrEnum):
    """Why a session ended; every closed session has exactly one."""

    MEMBER_LEFT = "member_left"
    MEMBER_GOODBYE = "member_goodbye"
    IDLE = "idle"
    SECOND_BADGE = "second_badge"
    KIOSK_LOST = "kiosk_lost"
    PROVIDER_LOST = "provider_lost"
    MAX_DURATION = "max_duration"
    BUDGET = "budget"
    GATEWAY_LOST = "gateway_lost"
    OPERATOR = "operator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one session may take."""

    idle_seconds: float = 60.0
    """Without a word from the member, an answer or playback."""
    personal_idle_seconds: float = 30.0
    """The same for a member known by a badge, whose name and history must not wait for the next person."""
    max_seconds: float = 900.0
    drain_seconds: float = 2.0
    """How long a closing session waits for the last transcript and the last bill."""
    silence_seconds: float = 15.0
    """How long an upstream that owes an answer may say nothing before it counts as lost."""
    max_cost_usd: Decimal = Decimal(2)
    resume_seconds: float = 15.0
    """How long the session of a kiosk that lost its connection waits for it to come back."""
    lease_seconds: int = 30
    held_bytes: int = 1_000_000
    """Frames kept for an upstream that is still opening: about fifteen seconds of sound."""
    retries: int = 5
    """Dials in a row that may fail before the upstream counts as lost."""
    retry_first_seconds: float = 0.5
    """Pause before the first of them; it doubles up to the longest."""
    retry_longest_seconds: float = 8.0
    reconnects: int = 20
    """Dials in one session's life after the first: an upstream that drops each connection ends it too."""
    recycle_seconds: float = 3000.0
    """Age at which a connection to the upstream is replaced: OpenAI cuts one after an hour, without a warning."""
    recycle_margin_seconds: float = 300.0
    """The same, counted back from the end that the upstream announced."""
    ping_seconds: float = 5.0
    """Between two pings to the upstream, and how long one may stay unanswered: a peer that froze is gone by then."""
    tool_seconds: float = 5.0
    """How long a tool may take before the member hears an apology instead of its answer."""
    tool_filler_seconds: float = 2.0
    """How long a tool may take in silence: then the member hears that somebody is looking."""
    send_seconds: float = 3.0
    """How long the upstream may take nothing before its connection is as good as gone, whatever its socket says."""
