"""One connection's pump: feeds a `RealtimeSession` with what arrives and carries out what it asks for, in order.

All waiting lives here. The session itself decides; this sends, listens, speaks, closes and breaks the connection when
told to.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import orjson
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

from voice_gateway.standin.ears import EarsError, Recognition
from voice_gateway.standin.effects import (
    Close,
    Drop,
    Effect,
    FaultsChanged,
    Freeze,
    Heard,
    Listen,
    Send,
    Speak,
    Spoken,
    Tick,
)
from voice_gateway.standin.faults import Faults
from voice_gateway.standin.protocol import RealtimeSession
from voice_gateway.standin.voice import VoiceError

logger = logging.getLogger(__name__)

Recognise = Callable[[bytes], Awaitable[Recognition]]
Say = Callable[[str], Awaitable[bytes]]

_Happening = str | bytes | Heard | Spoken | Tick | FaultsChanged

# Messages read ahead of the session; beyond it the client's own sends wait, as TCP makes them.
_READ_AHEAD = 64


class SessionPump:
    """The life of one connection.

    Args:
        recognise: speech (PCM16, 24 kHz) to a transcript, without blocking the loop.
        say: words to speech, likewise.
        longest_seconds: how long a frozen connection is kept.
    """

    def __init__(
        self,
        connection: ServerConnection,
        session: RealtimeSession,
        *,
        recognise: Recognise,
        say: Say,
        longest_seconds: float,
    ) -> None:
        self._connection = connection
        self._session = session
        self._recognise = recognise
        self._say = say
        self._longest_seconds = longest_seconds
        self._loop = asyncio.get_running_loop()
        self._inbox: asyncio.Queue[_Happening | BaseException | None] = asyncio.Queue()
        self._room = asyncio.Semaphore(_READ_AHEAD)
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._is_over = False

    def change_faults(self, faults: Faults) -> None:
        """The session misbehaves differently from its next step on."""
        self._inbox.put_nowait(FaultsChanged(faults))

    async def run(self) -> None:
        """The session is over and its connection ends; nothing of it is left running."""
        try:
            await self._carry_out(self._session.open(self._loop.time()))
            self._start(self._read())
            while not self._is_over:
                self._arm_timer()
                happening = await self._inbox.get()
                if happening is None:
                    break
                if isinstance(happening, BaseException):
                    raise happening
                await self._carry_out(self._effects_of(happening))
        except ConnectionClosed:
            logger.info("client left", extra={"session_id": self._session.settings["id"]})
        finally:
            if self._timer is not None:
                self._timer.cancel()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _effects_of(self, happening: _Happening) -> list[Effect]:
        now = self._loop.time()
        if not isinstance(happening, str | bytes):
            return self._session.handle(happening, now)
        self._room.release()
        try:
            event = orjson.loads(happening)
        except orjson.JSONDecodeError:
            event = None
        return self._session.handle(event, now) if isinstance(event, dict) else self._session.refuse_unreadable()

    async def _carry_out(self, effects: list[Effect]) -> None:
        for effect in effects:
            if self._is_over:
                return
            match effect:
                case Send(event):
                    await self._connection.send(orjson.dumps(event), text=True)
                case Listen(item_id, pcm):
                    self._start(self._listen(item_id, pcm))
                case Speak(response_id, text):
                    self._start(self._speak(response_id, text))
                case Close(code, reason):
                    self._is_over = True
                    await self._connection.close(code, reason)
                case Drop():
                    self._is_over = True
                    self._connection.transport.close()
                case Freeze():
                    self._is_over = True
                    await self._freeze()

    async def _read(self) -> None:
        # However the connection ended, the session ends the same way.
        with contextlib.suppress(ConnectionClosed):
            async for message in self._connection:
                await self._room.acquire()
                self._inbox.put_nowait(message)
        self._inbox.put_nowait(None)

    async def _listen(self, item_id: str, pcm: bytes) -> None:
        try:
            transcript = (await self._recognise(pcm)).transcript
        except EarsError as error:
            logger.error("ears failed", extra={"item_id": item_id, "reason": str(error)})
            transcript = None
        self._inbox.put_nowait(Heard(item_id, transcript))

    async def _speak(self, response_id: str, text: str) -> None:
        try:
            pcm = await self._say(text)
        except VoiceError as error:
            logger.error("voice failed", extra={"response_id": response_id, "reason": str(error)})
            pcm = b""
        self._inbox.put_nowait(Spoken(response_id, pcm))

    async def _freeze(self) -> None:
        transport = self._connection.transport
        transport.pause_reading()
        if self._connection.keepalive_task is not None:
            self._connection.keepalive_task.cancel()
        try:
            # A frozen peer does not see its client leave either: only time, or the server's own end, frees the socket.
            async with asyncio.timeout(self._longest_seconds):
                await self._connection.wait_closed()
        except TimeoutError:
            logger.info("frozen connection ended", extra={"session_id": self._session.settings["id"]})
        finally:
            transport.abort()

    def _arm_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        due = self._session.next_due()
        self._timer = None if due is None else self._loop.call_at(due, self._inbox.put_nowait, Tick())

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finish)

    def _finish(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            # A bug in a task must not leave the session waiting for it for ever.
            self._inbox.put_nowait(error)
