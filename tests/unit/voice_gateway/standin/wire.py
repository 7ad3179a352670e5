"""Drives the stand-in's pure session in tests: ears, voice and clock are ours, every event it emits is checked.

Strictness: each event must validate, without coercion, as the openai SDK's typed server event, and carry no field that
model does not declare. The exceptions are listed in `_EXTRA_SESSION_FIELDS`.
"""

import base64
import functools
import json
from collections import deque
from collections.abc import Callable
from typing import Any

from openai.types.realtime import RealtimeServerEvent
from openai.types.realtime.realtime_session_create_response import RealtimeSessionCreateResponse
from pydantic import BaseModel, TypeAdapter

from voice_gateway.standin.audio import BYTES_PER_MS, silence
from voice_gateway.standin.effects import Close, Drop, Effect, Freeze, Heard, Listen, Send, Speak, Spoken, Tick
from voice_gateway.standin.faults import Faults
from voice_gateway.standin.protocol import Input, RealtimeSession

Event = dict[str, Any]

# The SDK types the session of `session.created` as the *request*, which lacks what the provider really answers with:
# those three are declared by RealtimeSessionCreateResponse, checked too. The last is our marker.
_EXTRA_SESSION_FIELDS = {"id", "object", "expires_at", "jarvis_standin"}


@functools.cache
def _server_event() -> TypeAdapter[Any]:
    return TypeAdapter(RealtimeServerEvent)


def undeclared_fields(value: object, path: str = "") -> list[str]:
    """Where in a validated model there are fields its class does not declare."""
    if isinstance(value, BaseModel):
        found = [f"{path}.{name}" for name in value.model_extra or {}]
        for name in type(value).model_fields:
            found += undeclared_fields(getattr(value, name), f"{path}.{name}")
        return found
    if isinstance(value, list):
        return [field for index, entry in enumerate(value) for field in undeclared_fields(entry, f"{path}[{index}]")]
    return []


def check_strictly(event: Event) -> None:
    """`event` is what the SDK declares and nothing more.

    Raises:
        AssertionError: it has an undeclared field.
        pydantic.ValidationError: it does not validate.
    """
    model = _server_event().validate_json(json.dumps(event), strict=True)
    # Recordings have it, on every delta of words; the SDK does not declare it.
    allowed = {".obfuscation"} | {f".session.{name}" for name in _EXTRA_SESSION_FIELDS}
    undeclared = set(undeclared_fields(model)) - allowed
    assert not undeclared, f"{event['type']} carries {sorted(undeclared)}"
    if event["type"].startswith("session."):
        bare = {name: value for name, value in event["session"].items() if name != "jarvis_standin"}
        answered = RealtimeSessionCreateResponse.model_validate_json(json.dumps(bare), strict=True)
        assert not undeclared_fields(answered)


def loud(milliseconds: int) -> bytes:
    """A sound the detector takes for speech."""
    return b"\x70\x17" * (milliseconds * BYTES_PER_MS // 2)


class Talk:
    """One session with a member: a clock only tests move, ears that hear `understood`, 60 ms of voice a character."""

    def __init__(self, *, faults: Faults | None = None, lines: tuple[str, ...] = ()) -> None:
        self.now = 100.0
        self.events: list[Event] = []
        self.endings: list[Effect] = []
        self.understood: Callable[[bytes], str | None] = lambda pcm: "Les douches sont sales, c'est inadmissible."
        self.ears_are_open = True
        self.unheard: list[Listen] = []
        self._to_come: deque[Input] = deque()
        script = iter(lines)
        self.session = RealtimeSession(
            session_id="t",
            model="gpt-realtime-2.1-mini",
            opened_at=1_700_000_000,
            faults=faults or Faults(),
            next_line=lambda: next(script, None),
        )
        self._carry_out(self.session.open(self.now))

    def send(self, event_type: str, **fields: Any) -> list[Event]:
        """The client sent that event; returns what came back at once."""
        return self.give({"type": event_type, **fields})

    def give(self, happening: Input) -> list[Event]:
        """That happened; returns the events it caused at once."""
        before = len(self.events)
        self._carry_out(self.session.handle(happening, self.now))
        while self._to_come:
            self._carry_out(self.session.handle(self._to_come.popleft(), self.now))
        return self.events[before:]

    def hear_now(self) -> list[Event]:
        """Ears that were closed are done with what they were given."""
        waiting, self.unheard = self.unheard, []
        before = len(self.events)
        for listen in waiting:
            self.give(Heard(listen.item_id, self.understood(listen.pcm)))
        return self.events[before:]

    def append(self, pcm: bytes, *, frame_ms: int = 100) -> list[Event]:
        """The member's microphone gave `pcm`, in frames, in no time."""
        before = len(self.events)
        for start in range(0, len(pcm), frame_ms * BYTES_PER_MS):
            frame = pcm[start : start + frame_ms * BYTES_PER_MS]
            self.send("input_audio_buffer.append", audio=base64.b64encode(frame).decode())
        return self.events[before:]

    def speak(self, milliseconds: int = 1000) -> list[Event]:
        """The member spoke, then was silent for long enough to end the turn."""
        return self.append(silence(400) + loud(milliseconds) + silence(700))

    def say_text(self, text: str, item_id: str | None = None) -> list[Event]:
        """The member typed `text`; no answer is asked for yet."""
        item: Event = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
        return self.send("conversation.item.create", item=item | ({"id": item_id} if item_id else {}))

    def wait(self, seconds: float) -> list[Event]:
        """So much time passed, and everything due in it happened in its moment."""
        until, before = self.now + seconds, len(self.events)
        while (due := self.session.next_due()) is not None and due <= until:
            self.now = max(self.now, due)
            self.give(Tick())
        self.now = until
        return self.events[before:]

    def of_type(self, event_type: str) -> list[Event]:
        """All events so far of that type."""
        return [event for event in self.events if event["type"] == event_type]

    def last(self, event_type: str) -> Event:
        """The latest event of that type."""
        return self.of_type(event_type)[-1]

    def _carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send(event):
                    check_strictly(event)
                    self.events.append(event)
                case Listen(item_id, pcm):
                    if self.ears_are_open:
                        self._to_come.append(Heard(item_id, self.understood(pcm)))
                    else:
                        self.unheard.append(effect)
                case Speak(response_id, text):
                    self._to_come.append(Spoken(response_id, silence(60 * len(text))))
                case Close() | Drop() | Freeze():
                    self.endings.append(effect)


def types(events: list[Event]) -> list[str]:
    """The events' types, in order."""
    return [event["type"] for event in events]
