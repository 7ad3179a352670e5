"""How a session outlives its connections to the upstream: which one serves, when the next is due, what it is told.

The upstream forgets everything with its connection, and cuts each one after an hour. So a session has legs: one
connection after another, numbered, each told our settings and what was said so far, as text and with every tool call
beside its output. Pure; `conversation/connections.py` decides when, `relay.py` dials.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jarvis.sessions import Limits
from voice_gateway.effects import Dial, Event
from voice_gateway.protocol import realtime

# The new upstream reads it all again at each response; the session's own truncation keeps about as much.
_CARRIED_CHARACTERS = 12_000
# Voice activity is noticed a little after it began: so much sound is said again to a new upstream.
_REPEATED_SOUND_MS = 1000
# How often a refused answer is asked for again: a member does not wait for longer.
_ASKED_AGAIN = 2
# A replacement that could not be dialled is tried again while the old connection still serves.
_STANDBY_PAUSE_SECONDS = 30.0


class Line:
    """The session's connections to the upstream: the one that serves, and the one that is to replace it."""

    def __init__(self, limits: Limits) -> None:
        self.serving = 1
        self.standby: int | None = None
        self.is_standby_ready = False
        self._limits = limits
        self._last = 1
        self._tries = 0
        self._reconnects = 0
        self._renew_at: dict[int, float] = {}

    @property
    def renewal_due_at(self) -> float | None:
        """Monotonic seconds at which a replacement is to be dialled; None while one is, or nothing is open."""
        return self._renew_at.get(self.serving) if self.standby is None else None

    def opened(self, leg: int, *, at: float) -> None:
        """The connection stands; it is to be replaced in time."""
        self._renew_at[leg] = at + self._limits.recycle_seconds

    def expires(self, leg: int, *, in_seconds: float, at: float) -> None:
        """The upstream has said when it will cut the connection; a short life keeps half of it as margin."""
        due = at + in_seconds - min(self._limits.recycle_margin_seconds, in_seconds / 2)
        self._renew_at[leg] = min(due, self._renew_at.get(leg, due))

    def taken(self) -> None:
        """The upstream has taken our settings: failed dials before it count no more in a row."""
        self._tries = 0

    def redial(self) -> Dial | None:
        """The next try after a loss, which then is the serving leg; None when the budget is spent."""
        if self._tries >= self._limits.retries or self._reconnects >= self._limits.reconnects:
            return None
        pause = min(self._limits.retry_first_seconds * 2**self._tries, self._limits.retry_longest_seconds)
        self._tries += 1
        self._reconnects += 1
        self.serving = self._next()
        self.standby, self.is_standby_ready = None, False
        return Dial(self.serving, pause)

    def dial_standby(self) -> Dial:
        """A replacement is on its way; the serving leg goes on."""
        self.standby, self.is_standby_ready = self._next(), False
        return Dial(self.standby)

    def standby_failed(self, *, at: float) -> None:
        """The replacement did not come; another is due a little later."""
        self.standby, self.is_standby_ready = None, False
        self._renew_at[self.serving] = at + _STANDBY_PAUSE_SECONDS

    def switch(self) -> int:
        """The replacement serves; the leg that served before is returned, to be hung up."""
        assert self.standby is not None
        before, self.serving = self.serving, self.standby
        self.standby, self.is_standby_ready = None, False
        return before

    def _next(self) -> int:
        self._last += 1
        return self._last


@dataclass(frozen=True, slots=True)
class Said:
    """One turn as it was heard."""

    item_id: str
    role: str
    """member or assistant."""
    text: str
    """Empty where nobody knows what was said: the turn has its place all the same."""


@dataclass(slots=True)
class _Call:
    call_id: str
    name: str
    arguments: str
    after_item_id: str | None
    output: str | None = None


class Memory:
    """The tool calls of a session and their place among its turns: what a new upstream must know was done already."""

    def __init__(self) -> None:
        self._calls: dict[str, _Call] = {}

    def called(self, call_id: str, name: str, arguments: Mapping[str, Any], *, after_item_id: str | None) -> None:
        """A call has started after that turn, the last there was."""
        self._calls[call_id] = _Call(call_id, name, realtime.text_of(arguments), after_item_id)

    def answered(self, call_id: str, output: Mapping[str, Any]) -> None:
        """The call has its output."""
        if call_id in self._calls:
            self._calls[call_id].output = realtime.text_of(output)

    def carried(self, turns: Sequence[Said]) -> list[Event]:
        """The items that bring a new upstream up to date: the newest that fit, in order, each call with its output."""
        groups = [_call_items(call) for call in self._calls.values() if call.after_item_id is None]
        for turn in turns:
            groups += [[_message(turn)]] if turn.text else []
            groups += [_call_items(call) for call in self._calls.values() if call.after_item_id == turn.item_id]
        kept: list[list[Event]] = []
        room = _CARRIED_CHARACTERS
        for group in reversed(groups):
            room -= sum(len(realtime.text_of(item)) for item in group)
            if room < 0 and kept:
                break
            kept.append(group)
        return [item for group in reversed(kept) for item in group]


class AskedAgain:
    """An answer that the provider refused for now, and when it is asked for again."""

    def __init__(self, limits: Limits) -> None:
        self.due_at: float | None = None
        self._limits = limits
        self._tries = 0

    @property
    def is_troubled(self) -> bool:
        """True from the first refusal until an answer comes, or is given up."""
        return self._tries > 0

    def refused(self, *, at: float) -> bool:
        """The answer did not come; False when it is not asked for any more."""
        if self._tries >= _ASKED_AGAIN:
            self.settled()
            return False
        self._tries += 1
        pause = min(self._limits.retry_first_seconds * 2**self._tries, self._limits.retry_longest_seconds)
        self.due_at = at + pause
        return True

    def taken_over(self) -> None:
        """Somebody else has asked, or will: the member, the client, or the tool that answers."""
        self.due_at = None

    def settled(self) -> None:
        """An answer came, or none will."""
        self.due_at, self._tries = None, 0


class RecentSound:
    """The last second of sound since the member's last turn: what a new upstream has to hear again."""

    def __init__(self) -> None:
        self._frames: deque[tuple[str, int]] = deque()
        self._bytes = 0

    @property
    def frames(self) -> list[str]:
        """The frames that brought it, oldest first."""
        return [frame for frame, _ in self._frames]

    def heard(self, frame: str, byte_count: int) -> None:
        """One more frame; those that are older than a second go."""
        self._frames.append((frame, byte_count))
        self._bytes += byte_count
        while self._bytes > _REPEATED_SOUND_MS * realtime.AUDIO_BYTES_PER_MS:
            self._bytes -= self._frames.popleft()[1]

    def forget(self) -> None:
        """The upstream has made a turn of it."""
        self._frames.clear()
        self._bytes = 0


def merged(base: Event, change: Mapping[str, Any]) -> Event:
    """`base` with the fields of `change` over it, object by object: how an upstream reads two updates in a row."""
    result = dict(base)
    for name, value in change.items():
        before = result.get(name)
        is_nested = isinstance(before, dict) and isinstance(value, Mapping) and name != "turn_detection"
        result[name] = merged(before, value) if is_nested and isinstance(before, dict) else value
    return result


def failed_response(response_id: str, *, continues: bool) -> Event:
    """The `response.done` that a lost upstream still owed: a client that waits for it would wait for ever.

    `continues` marks, for our own kiosks, that the answer is asked for again.
    """
    error = {"type": "server_error", "code": "upstream_lost", "message": "the upstream was lost before it was done"}
    zero = {"total_tokens": 0, "input_tokens": 0, "output_tokens": 0}
    return {
        "type": "response.done",
        "response": {
            "object": "realtime.response", "id": response_id, "status": "failed",
            "status_details": {"type": "failed", "error": error}, "output": [], "usage": zero,
            "metadata": {realtime.CONTINUES: "true"} if continues else None,
        },
    }  # fmt: skip


def _message(turn: Said) -> Event:
    role, kind = ("user", "input_text") if turn.role == "member" else ("assistant", "output_text")
    return {"id": turn.item_id, "type": "message", "role": role, "content": [{"type": kind, "text": turn.text}]}


def _call_items(call: _Call) -> list[Event]:
    started: Event = {
        "type": "function_call", "call_id": call.call_id, "name": call.name, "arguments": call.arguments,
    }  # fmt: skip
    if call.output is None:
        return [started]
    return [started, {"type": "function_call_output", "call_id": call.call_id, "output": call.output}]
