"""What goes into the stand-in's pure core besides client events, and what comes out of it.

The core never waits, speaks or listens: it asks for that with an effect, and is told the outcome with an input.
"""

from dataclasses import dataclass, field
from typing import Any

from voice_gateway.standin.faults import Faults

ServerEvent = dict[str, Any]


@dataclass(frozen=True)
class Heard:
    """Input: the ears are done with a member's item."""

    item_id: str
    transcript: str | None  # None when nothing was understood


@dataclass(frozen=True)
class Spoken:
    """Input: the voice is done with a response's words."""

    response_id: str
    pcm: bytes


@dataclass(frozen=True)
class Tick:
    """Input: time passed; something may be due."""


@dataclass(frozen=True)
class FaultsChanged:
    """Input: the session misbehaves differently from now on."""

    faults: Faults


@dataclass(frozen=True)
class Send:
    """Effect: this event goes to the client, in order."""

    event: ServerEvent


@dataclass(frozen=True)
class Listen:
    """Effect: the ears get a member's speech; answered by `Heard`."""

    item_id: str
    pcm: bytes


@dataclass(frozen=True)
class Speak:
    """Effect: the voice gets a response's words; answered by `Spoken`."""

    response_id: str
    text: str


@dataclass(frozen=True)
class Close:
    """Effect: the connection closes with this code, politely."""

    code: int
    reason: str


@dataclass(frozen=True)
class Drop:
    """Effect: the connection ends without a closing handshake."""


@dataclass(frozen=True)
class Freeze:
    """Effect: the connection stays open but nothing is read, sent or ponged any more."""


Effect = Send | Listen | Speak | Close | Drop | Freeze


_SOUND = "response.output_audio.delta"
_PADDED_CHARACTERS = 16
_PADDING = "aZ3kP9xQ2mB7vR5t"


@dataclass
class Outbox:
    """The effects of one step of the core, and the ids it gives out: counted, so that a session repeats exactly."""

    session_id: str
    _effects: list[Effect] = field(default_factory=list)
    _ids: int = 0

    def new_id(self, kind: str) -> str:
        """An id no other object of this session has, for example `item_ab12_3`."""
        self._ids += 1
        return f"{kind}_{self.session_id}_{self._ids}"

    def send(self, event_type: str, **fields: Any) -> None:
        """An event of that type goes out, with an event id of its own."""
        event = {"type": event_type, "event_id": self.new_id("event"), **fields}
        if event_type.endswith(".delta") and event_type != _SOUND:
            # The provider pads words, so that a frame's length does not tell them.
            event["obfuscation"] = _PADDING[: -len(fields["delta"]) % _PADDED_CHARACTERS]
        self._effects.append(Send(event))

    def add(self, effect: Effect) -> None:
        """`effect` happens after those already asked for."""
        self._effects.append(effect)

    def take(self) -> list[Effect]:
        """The effects asked for since the last call."""
        effects, self._effects = self._effects, []
        return effects
