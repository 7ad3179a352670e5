"""What one voice session knows: the small pure objects it is made of, its flags, and what follows from them.

The other modules of this package change it; nothing outside the package sees it.
"""

from decimal import Decimal
from uuid import UUID

from jarvis.sessions import CloseReason
from voice_gateway.absence import Absence
from voice_gateway.calls import ToolCalls
from voice_gateway.consent import ConsentGate
from voice_gateway.continuity import AskedAgain, Line, Memory, RecentSound
from voice_gateway.effects import Event, Moment, SessionPlan
from voice_gateway.filler import Filler
from voice_gateway.greeting import Greeting
from voice_gateway.held import HeldFrames
from voice_gateway.hidden import HiddenItems
from voice_gateway.ledger import Ledger
from voice_gateway.protocol import realtime
from voice_gateway.turns import Transcript

# Our own events upstream carry these ids; errors about them are ours to answer, not the kiosk's.
OWN_EVENT_PREFIX = "gw_"


class SessionState:
    """The state of one session."""

    def __init__(self, plan: SessionPlan, now: Moment) -> None:
        self.plan = plan
        self.close_reason: CloseReason | None = None
        """Set when the session begins to close."""
        self.is_finished = False
        """True once it is closed on record."""

        # On record.
        self.transcript = Transcript()
        self.ledger = Ledger(plan.scope)

        # Times, in monotonic seconds.
        self.opened_at = now.seconds
        self.active_at = now.seconds
        """When somebody last said or did something, or will have heard the end of an answer."""
        self.owed_since: float | None = None
        """Since when the upstream owes a word; None while it owes none."""
        self.drain_until: float | None = None
        """How long a closing session waits for its last bills."""
        self.last_words_until: float | None = None
        """How long a session whose gym is not served any more may take to come to its next pause; None otherwise."""
        self.pause_due_at: float | None = None
        """When that pause may have come, as far as anybody can tell; None where nobody waits for it."""

        # The kiosk and who stands at it.
        self.gate = ConsentGate(plan.scope, shows_notice=plan.is_kiosk, storage_level=plan.storage_level)
        self.absence = Absence(plan.limits)
        self.held = HeldFrames(plan.limits.held_bytes)
        self.is_personal = False
        """True where a name is at stake."""
        self.is_muted = False
        """True when nobody is there to hear this session, or somebody else is."""
        self.is_told_text_only = False

        # The upstream.
        self.line = Line(plan.limits)
        self.is_upstream_open = False
        self.is_ready = False
        """True while the serving upstream has taken our settings."""
        self.was_ready = False
        """True once an upstream was ready: a later one replaces it."""
        self.updates: list[str] = []
        """Who asked for each update of the settings that is not answered yet: gateway or kiosk."""
        self.is_update_owed = False
        """True when a client's update was lost unanswered."""
        self.client_settings: Event = {}
        """What the client chose for itself, and a new upstream must be told again."""
        self.is_interrupting = True
        """True while speech of the member ends an answer."""
        self.own_event_count = 0

        # What a new upstream has to know.
        self.memory = Memory()
        self.sound = RecentSound()
        self.carried: set[str] = set()
        """Items that the serving upstream has only as text, because another one before it heard or said them."""
        self.deleted: set[str] = set()
        self.hidden = HiddenItems()

        # The member's turn.
        self.is_speaking = False
        self.untranscribed: set[str] = set()
        """What was said and is not in words yet."""
        self.are_words_lost = False
        """True when an upstream took words of the member with it."""

        # The assistant's turn.
        self.is_asked = False
        """True while an answer is due that a new upstream would have to be asked for."""
        self.responses: set[str] = set()
        """Answers that are under way."""
        self.asked_again = AskedAgain(plan.limits)
        self.calls = ToolCalls()
        self.filler = Filler()
        self.greeting = Greeting()

    @property
    def session_id(self) -> UUID:
        """The session's id, on record and at the upstream."""
        return self.plan.scope.session_id

    @property
    def cost_usd(self) -> Decimal:
        """What it has cost so far."""
        return self.ledger.cost_usd

    @property
    def is_closing(self) -> bool:
        """True from the decision to close on."""
        return self.close_reason is not None

    @property
    def idle_seconds(self) -> float:
        """How long silence may last: less where a name is at stake, but long enough to read an open notice."""
        limits = self.plan.limits
        return limits.personal_idle_seconds if self.is_personal and self.gate.is_open else limits.idle_seconds

    @property
    def is_between_turns(self) -> bool:
        """True while nobody speaks and nothing is owed: the upstream may be replaced."""
        owes = self.responses or self.untranscribed or self.updates or self.calls.are_running
        return not (owes or self.is_speaking or self.owed_since is not None or self.asked_again.is_troubled)

    @property
    def may_fill(self) -> bool:
        """True while a tool keeps the member waiting in silence."""
        is_waiting = self.calls.are_running and self.is_ready and not self.absence.is_away
        return is_waiting and not (self.responses or self.is_speaking)

    @property
    def is_answered_by_itself(self) -> bool:
        """True unless the client asks for each answer: the upstream then answers when the member stops speaking."""
        detection = self.client_settings.get("audio", {}).get("input", {}).get("turn_detection", {})
        return isinstance(detection, dict) and bool(detection.get("create_response", True))

    def is_elsewhere(self, item_id: str) -> bool:
        """True for an answer whose sound the serving upstream never had."""
        return item_id in self.carried or (self.was_ready and not self.is_ready)

    def is_echo(self, event: Event) -> bool:
        """True when the upstream confirms an item that it was told from before: the kiosk has it already."""
        item = event.get("item")
        return (
            event["type"] in (realtime.ITEM_ADDED, realtime.ITEM_DONE)
            and isinstance(item, dict)
            and item.get("id") in self.carried
        )

    def own_event_id(self, kind: str) -> str:
        """A new id for an event in the gateway's own name."""
        self.own_event_count += 1
        return f"{OWN_EVENT_PREFIX}{kind}_{self.own_event_count}"
