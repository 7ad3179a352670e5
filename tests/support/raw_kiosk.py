"""A kiosk that shows a test every event of its connection as it came."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from voice_gateway.standin.audio import silence
from voice_gateway.standin.voice import speak

Event = dict[str, Any]

_PATIENCE_SECONDS = 20.0
_FRAME_BYTES = 48 * 100


class RawKiosk:
    """One open connection; every event it got, in order."""

    def __init__(self, socket: ClientConnection, standin_port: int) -> None:
        self.socket = socket
        self.events: list[Event] = []
        self.session_id = ""
        self._standin = f"http://127.0.0.1:{standin_port}"
        self._news = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        try:
            async for frame in self.socket:
                event = json.loads(frame)
                self.events.append(event)
                if event["type"] == "kiosk.notice" and event["needs_answer"]:
                    await self.send("kiosk.consent", analysis=True)
                self._news.set()
        except ConnectionClosed:
            return

    async def send(self, event_type: str, **fields: Any) -> None:
        """The event is on its way."""
        await self.socket.send(json.dumps({"type": event_type, **fields}))

    async def badge(self, uid: str = "B-LEA") -> str:
        """A session is open; its id."""
        await self.send("kiosk.badge.scanned", uid=uid)
        self.session_id = str((await self.event("kiosk.ready"))["session_id"])
        return self.session_id

    async def event(self, event_type: str, *, after: int = 0, **fields: Any) -> Event:
        """The first event of that type and with those fields, from a place in `events` on; waits for it."""

        def found() -> Event | None:
            return next(
                (
                    event
                    for event in self.events[after:]
                    if event["type"] == event_type and all(event.get(key) == value for key, value in fields.items())
                ),
                None,
            )

        await self.until(lambda: found() is not None, f"{event_type} {fields or ''}")
        return found() or {}

    async def until(self, is_true: Callable[[], bool], what: str) -> None:
        """It has become true, through an event of the gateway."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while not is_true():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            seen = [f"{event['type']}:{event.get('state', '')}" for event in self.events[-12:]]
            raise AssertionError(f"{what} did not come; the last events were {seen}") from None

    async def type_text(self, text: str) -> None:
        """The member typed a line."""
        part = {"type": "input_text", "text": text}
        item = {"type": "message", "role": "user", "content": [part]}
        await self.send("conversation.item.create", item=item)

    async def ask(self, text: str) -> str:
        """The words of the answer to a typed line, tools included; all of its sound counts as heard at once."""
        seen = len(self.events)
        await self.type_text(text)
        await self.send("response.create")
        words = await self.answer(after=seen)
        spoken = [event for event in self.events[seen:] if event["type"] == "response.output_audio.delta"]
        if spoken:
            await self.send("kiosk.playback", item_id=spoken[-1]["item_id"], played_ms=self.produced_ms(after=seen))
        return words

    def produced_ms(self, *, after: int = 0) -> int:
        """How much sound came from a place in `events` on."""
        spoken = [event for event in self.events[after:] if event["type"] == "response.output_audio.delta"]
        return sum(len(base64.b64decode(event["delta"])) for event in spoken) // 48

    async def answer(self, *, after: int) -> str:
        """The words of the first whole answer after a place in `events`."""
        await self.until(lambda: self._whole_answer(after) is not None, "an answer")
        return self._whole_answer(after) or ""

    def _whole_answer(self, after: int) -> str | None:
        for event in self.events[after:]:
            if event["type"] == "response.done" and event["response"]["status"] == "completed":
                for item in event["response"]["output"]:
                    return "".join(part.get("transcript") or part.get("text") or "" for part in item["content"])
        return None

    async def say(self, text: str) -> None:
        """The sentence was spoken into the microphone, and a second of silence after it."""
        await self.sound(silence(300) + speak(text) + silence(900))

    async def sound(self, pcm: bytes) -> None:
        """The sound went into the microphone."""
        for start in range(0, len(pcm), _FRAME_BYTES):
            frame = base64.b64encode(pcm[start : start + _FRAME_BYTES]).decode()
            await self.send("input_audio_buffer.append", audio=frame)

    async def end(self) -> str:
        """The session is over; the reason the gateway gave."""
        await self.send("kiosk.session.end")
        return str((await self.event("kiosk.session.closed", session_id=self.session_id))["reason"])

    def of_type(self, event_type: str) -> list[Event]:
        """The events of that type so far."""
        return [event for event in self.events if event["type"] == event_type]

    def states(self) -> list[str]:
        """What `kiosk.upstream` said, in order."""
        return [event["state"] for event in self.of_type("kiosk.upstream")]

    async def fault(self, **switches: Any) -> None:
        """The upstream connection that serves this session misbehaves from now on; a later one does not."""
        async with httpx.AsyncClient(trust_env=False) as client:
            body = {"request_id": self.session_id, **switches}
            (await client.post(f"{self._standin}/control/faults", json=body)).raise_for_status()


@asynccontextmanager
async def raw_kiosk(url: str, token: str, standin_port: int) -> AsyncIterator[RawKiosk]:
    """A connection to the gateway, closed in the end."""
    async with connect(
        url.replace("http", "ws") + "/v1/realtime?kiosk=1",
        additional_headers={"Authorization": f"Bearer {token}"},
        compression=None,
        max_size=None,
        close_timeout=1,
    ) as socket:
        kiosk = RawKiosk(socket, standin_port)
        try:
            yield kiosk
        finally:
            kiosk._reader.cancel()
