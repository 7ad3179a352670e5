"""What a kiosk sent before the upstream was ready: kept in order, bounded by bytes, and handed on once it is. Pure.

Where there is too much, the oldest sound goes first: a member repeats himself, an instruction is not repeated.
"""

from collections.abc import Iterator
from typing import Any

from voice_gateway.protocol import kiosk as kiosk_protocol
from voice_gateway.protocol import realtime

Event = dict[str, Any]


class HeldFrames:
    """The events that wait for the upstream."""

    def __init__(self, max_bytes: int) -> None:
        self.dropped_ms = 0
        """Sound that had to go."""
        self._max_bytes = max_bytes
        self._held: list[tuple[Event, int]] = []
        self._bytes = 0

    def __iter__(self) -> Iterator[Event]:
        return (event for event, _ in self._held)

    def hold(self, event: Event) -> bool:
        """The event waits; False where there is no room for it and no sound left to go."""
        size = len(realtime.text_of(event))
        while self._bytes + size > self._max_bytes:
            oldest = next((n for n, (held, _) in enumerate(self._held) if held["type"] == kiosk_protocol.APPEND), None)
            if oldest is None:
                return False
            dropped, dropped_size = self._held.pop(oldest)
            self._bytes -= dropped_size
            self.dropped_ms += realtime.audio_bytes(dropped["audio"]) // realtime.AUDIO_BYTES_PER_MS
        self._held.append((event, size))
        self._bytes += size
        return True

    def release(self) -> list[Event]:
        """The events, which wait no more."""
        held, self._held, self._bytes = self._held, [], 0
        return [event for event, _ in held]
