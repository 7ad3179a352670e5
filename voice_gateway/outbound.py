"""Frames on their way to one peer, kiosk or upstream: in order, bounded by bytes, never dropped at random.

Whoever sends does not wait for the peer while there is room, so that neither direction of a session is held up by the
other's slow socket. A peer for which there was no room, or that took no frame, for the time allowed is stuck: it is
given up as a whole. Only a member's sound may go before that, the oldest first: where more than a second of it has
piled up, what waited for more than a second is late. A client that sends a whole recording at once loses nothing of it.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

# A kiosk gets about half a minute of sound ahead of its playback; a frame that is larger than all of it goes alone.
MAX_BYTES = 1_500_000
SEND_SECONDS = 2.0
# Of the member's sound: so much may pile up, and so long may it wait.
MAX_SOUND_MS = 1000


@dataclass(frozen=True, slots=True)
class _Frame:
    text: str
    size: int
    sound_ms: int
    put_at: float


class Outbound:
    """The queue to one peer, and the task that empties it; there is none while it is empty."""

    def __init__(
        self,
        send: Callable[[str], Awaitable[None]],
        *,
        on_stuck: Callable[[], None],
        on_late_sound: Callable[[int], None] | None = None,
        max_bytes: int = MAX_BYTES,
        max_sound_ms: int = MAX_SOUND_MS,
        send_seconds: float = SEND_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """
        Args:
            send: takes one frame when the peer has room for it; what it raises ends the queue without a word.
            on_stuck: called once, when the peer is given up.
            on_late_sound: told the milliseconds of sound that were dropped.
        """
        self._send = send
        self._on_stuck = on_stuck
        self._on_late_sound = on_late_sound
        self._max_bytes = max_bytes
        self._max_sound_ms = max_sound_ms
        self._send_seconds = send_seconds
        self._clock = clock
        self._frames: deque[_Frame] = deque()
        self._bytes = 0
        self._sound_ms = 0
        self._moved = asyncio.Event()
        self._flushing: asyncio.Task[None] | None = None
        self._is_over = False

    @property
    def queued_bytes(self) -> int:
        """What waits for the peer."""
        return self._bytes

    async def put(self, text: str, *, sound_ms: int = 0) -> None:
        """The frame is on its way, or the peer is gone.

        Args:
            sound_ms: the sound in it, which may be dropped if it gets late; 0 for a frame that must arrive.
        """
        if self._is_over:
            return
        # A character of our frames is a byte but for a few letters; counting exactly would copy every frame of sound.
        frame = _Frame(text, len(text) if text.isascii() else len(text.encode()), sound_ms, self._clock())
        if sound_ms:
            self._drop_late_sound(sound_ms)
        if not await self._has_room(frame.size):
            return
        self._frames.append(frame)
        self._bytes += frame.size
        self._sound_ms += sound_ms
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush())

    async def drain(self) -> None:
        """What was put is sent, or the time allowed for one frame has passed without."""
        try:
            async with asyncio.timeout(self._send_seconds):
                while self._frames and not self._is_over:
                    await self._next_move()
        except TimeoutError:
            return

    def close(self) -> None:
        """Nothing more is sent."""
        self._is_over = True
        self._frames.clear()
        self._bytes = self._sound_ms = 0
        self._moved.set()
        if self._flushing is not None and self._flushing is not asyncio.current_task():
            self._flushing.cancel()

    def _drop_late_sound(self, arriving_ms: int) -> None:
        late_ms = 0
        # The frame being sent is the first, and stays.
        for frame in [queued for queued in list(self._frames)[1:] if queued.sound_ms]:
            waited_ms = (self._clock() - frame.put_at) * 1000
            if self._sound_ms + arriving_ms <= self._max_sound_ms or waited_ms <= self._max_sound_ms:
                break
            self._frames.remove(frame)
            self._bytes -= frame.size
            self._sound_ms -= frame.sound_ms
            late_ms += frame.sound_ms
        if late_ms and self._on_late_sound is not None:
            self._on_late_sound(late_ms)

    async def _has_room(self, size: int) -> bool:
        try:
            async with asyncio.timeout(self._send_seconds):
                while self._frames and self._bytes + size > self._max_bytes and not self._is_over:
                    await self._next_move()
        except TimeoutError:
            self._give_up()
        return not self._is_over

    async def _next_move(self) -> None:
        self._moved.clear()
        await self._moved.wait()

    async def _flush(self) -> None:
        try:
            while self._frames and not self._is_over:
                frame = self._frames[0]
                async with asyncio.timeout(self._send_seconds):
                    await self._send(frame.text)
                if self._frames and self._frames[0] is frame:
                    self._frames.popleft()
                    self._bytes -= frame.size
                    self._sound_ms -= frame.sound_ms
                self._moved.set()
        except TimeoutError:
            self._give_up()
        except Exception:
            # It went away: whoever reads from it learns so too, and says so once.
            self.close()
        finally:
            self._flushing = None

    def _give_up(self) -> None:
        if not self._is_over:
            self.close()
            self._on_stuck()
