"""The first words of a session: said by the assistant, and not interrupted by their own echo. Pure.

A kiosk that has a loudspeaker asks for it by `greet=1` in its address. The microphone counts from the end of the
greeting on: what it hears before is the greeting itself.
"""

from collections.abc import Mapping

from voice_gateway.effects import Event

# Marks the response at the upstream, which gives it back.
MARK = "jarvis_greeting"
# A greeting takes two or three seconds; whatever goes wrong with it, the microphone is not lost for longer.
_LONGEST_SECONDS = 8.0


class Greeting:
    """Whether the greeting is being said."""

    def __init__(self) -> None:
        self._asked_at: float | None = None
        self._response_id: str | None = None
        self._ends_at: float | None = None

    def ask(self, *, event_id: str, at: float) -> Event:
        """The `response.create` that says it: the session's instructions hold whom to greet, and how."""
        self._asked_at = at
        return {"type": "response.create", "event_id": event_id, "response": {"metadata": {MARK: "true"}}}

    def created(self, response: Mapping[str, object]) -> None:
        """A response has begun; if it is the greeting, its name is known from now on."""
        metadata = response.get("metadata")
        if isinstance(metadata, Mapping) and metadata.get(MARK):
            self._response_id = str(response.get("id"))

    def done(self, response_id: str, *, ends_at: float) -> None:
        """A response is whole; if it is the greeting, it will have been played by then."""
        if response_id == self._response_id:
            self._ends_at = ends_at

    def mutes(self, at: float) -> bool:
        """True while a microphone would hear nothing but the greeting."""
        if self._asked_at is None:
            return False
        last = self._asked_at + _LONGEST_SECONDS
        return at < (last if self._ends_at is None else min(last, self._ends_at))
