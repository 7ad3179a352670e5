"""A kiosk's side of one connection: badge, speak or type, listen, hang up.

Used by the command line (`talk`, `replay`) and by tests and load. Speaks the Realtime protocol and the
`kiosk.*` events, as a real kiosk does, over a real socket.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from voice_gateway.kiosk.audio import FRAME_MS, TRAILING_SILENCE_MS, duration_ms, frames, silence
from voice_gateway.kiosk.errors import KioskError
from voice_gateway.protocol import realtime

Event = dict[str, Any]

_OPEN_SECONDS = 10
_READY_SECONDS = 20.0
_ANSWER_SECONDS = 45.0
# How far ahead of real time frames go when nobody listens: fast, but the server keeps up.
_FAST_PAUSE_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class HeardTurn:
    """One turn as the kiosk saw it on its screen."""

    role: str
    """member or assistant."""
    text: str


class KioskClient:
    """One open connection; `session` makes a session on it."""

    def __init__(
        self,
        socket: ClientConnection,
        *,
        on_turn: Callable[[HeardTurn], None] | None = None,
        consent: bool | None = True,
    ) -> None:
        self._socket = socket
        self._consent = consent
        self._on_turn = on_turn
        self._turns: OrderedDict[str, HeardTurn] = OrderedDict()
        self._audio_bytes: dict[str, int] = {}
        self._news = asyncio.Event()
        self._end: str | None = None
        self.session_id: str | None = None
        self.first_name: str | None = None
        self.badge_outcome: str | None = None
        self.close_reason: str | None = None
        self.notice: Event | None = None
        """The latest notice, as the member sees it."""
        self.errors: list[Event] = []
        self._is_ready = False
        self._is_upstream_lost = False
        self._answers_done = 0
        self._open_responses: set[str] = set()
        self._owes_answer = False
        self._reader = asyncio.create_task(self._read())

    @property
    def turns(self) -> list[HeardTurn]:
        """The turns heard so far, in the order their items appeared."""
        return [turn for turn in self._turns.values() if turn.text]

    async def badge(self, badge_id: str) -> str:
        """The badge was shown and a session is open; its id."""
        self._forget_session()
        await self._send({"type": "kiosk.badge.scanned", "uid": badge_id, "reader": "simulated"})
        return await self._wait_ready()

    async def start(self) -> str:
        """A session without badge is open; its id."""
        self._forget_session()
        await self._send({"type": "kiosk.session.start"})
        return await self._wait_ready()

    async def answer_notice(self, *, analysis: bool) -> None:
        """The member has said yes or no to the analysis of what is said."""
        await self._send({"type": "kiosk.consent", "analysis": analysis})

    async def send(self, event: Event) -> None:
        """The event is on its way, as it is."""
        await self._send(event)

    async def seen(self, is_true: Callable[[], bool], what: str) -> None:
        """The kiosk has seen what makes this true."""
        await self._until(is_true, _READY_SECONDS, what)

    async def text_only(self) -> None:
        """Answers come as text from now on: a replay listens to no sound."""
        await self._send({"type": "session.update", "session": {"type": "realtime", "output_modalities": ["text"]}})

    async def type_text(self, text: str) -> None:
        """The member's words have arrived as text; no answer is asked for."""
        seen = len(self._turns)
        await self._send(
            {
                "type": "conversation.item.create",
                "item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]},
            }
        )
        await self._until(lambda: len(self._turns) > seen, _ANSWER_SECONDS, "the line to be taken")

    async def ask_answer(self) -> None:
        """The assistant has answered, tools included."""
        done = self._answers_done
        self._owes_answer = True
        await self._send({"type": "response.create"})
        await self._until(lambda: self._answers_done > done, _ANSWER_SECONDS, "an answer")

    async def say(self, pcm: bytes, *, is_fast: bool = False) -> None:
        """The sound was played into the microphone, and the assistant has answered."""
        done = self._answers_done
        self._owes_answer = True
        loop = asyncio.get_running_loop()
        due = loop.time()
        for frame in frames(pcm + silence(TRAILING_SILENCE_MS)):
            await self._send({"type": "input_audio_buffer.append", "audio": frame})
            due += _FAST_PAUSE_SECONDS if is_fast else FRAME_MS / 1000
            await asyncio.sleep(max(0.0, due - loop.time()))
        await self._until(
            lambda: self._answers_done > done and not self._owes_answer and not self._open_responses,
            _ANSWER_SECONDS,
            "an answer",
        )

    async def hang_up(self, reason: str = "member_left") -> str:
        """The session is over, on record; the reason the gateway gave."""
        await self._send({"type": "kiosk.session.end", "reason": reason})
        await self._until(lambda: self.close_reason is not None, _READY_SECONDS, "the end of the session")
        return self.close_reason or reason

    async def close(self) -> None:
        """The connection is closed."""
        await self._socket.close()
        await self._reader

    def _forget_session(self) -> None:
        """Nothing of the member before is left on the screen."""
        self.notice = None
        self.session_id = self.first_name = self.badge_outcome = self.close_reason = None
        self._is_ready = self._is_upstream_lost = self._owes_answer = False
        self._turns.clear()
        self._audio_bytes.clear()
        self._open_responses.clear()

    async def _wait_ready(self) -> str:
        refused = len(self.errors)
        await self._until(
            lambda: (
                self._is_ready
                or self._is_upstream_lost
                or self.close_reason is not None
                or (len(self.errors) > refused and self.session_id is None)
            ),
            _READY_SECONDS,
            "the session to open",
        )
        if not self._is_ready and self.session_id is None and len(self.errors) > refused:
            raise KioskError(f"the gateway refused the badge: {self.errors[-1].get('message') or 'no reason given'}")
        if not self._is_ready:
            raise KioskError(
                f"the gateway could not open a session ({self.close_reason or 'upstream lost'}): look at its /readyz"
            )
        return self.session_id or ""

    async def _send(self, event: Event) -> None:
        try:
            await self._socket.send(orjson.dumps(event).decode())
        except ConnectionClosed as error:
            raise KioskError("the gateway closed the connection: look at its log") from error

    async def _until(self, is_true: Callable[[], bool], seconds: float, what: str) -> None:
        try:
            async with asyncio.timeout(seconds):
                while not is_true():
                    if self._end is not None:
                        raise KioskError(
                            f"the gateway closed the connection while the kiosk waited for {what} ({self._end})"
                        )
                    if self.close_reason is not None:
                        raise KioskError(
                            f"the session was closed ({self.close_reason}) while the kiosk waited for {what}"
                        )
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            codes = ", ".join(str(error.get("code")) for error in self.errors) or "none"
            raise KioskError(f"waited {seconds:.0f} s for {what}; errors seen: {codes}") from None

    async def _read(self) -> None:
        try:
            async for frame in self._socket:
                event = orjson.loads(frame)
                await self._take(event)
                self._news.set()
            self._end = "orderly"
        except ConnectionClosed as error:
            self._end = str(error.rcvd.code if error.rcvd else "lost")
        finally:
            self._news.set()

    async def _take(self, event: Event) -> None:
        kind = event["type"]
        item_id = event.get("item_id")
        match kind:
            case "kiosk.ready":
                self.session_id, self._is_ready = event["session_id"], True
            case "kiosk.member.identified":
                self.first_name, self.badge_outcome = event.get("first_name"), "known"
            case "kiosk.member.unknown":
                self.first_name, self.badge_outcome = event.get("first_name"), event.get("outcome")
            case "kiosk.notice":
                self.session_id, self.notice = event["session_id"], event
                if event["needs_answer"] and self._consent is not None:
                    await self.answer_notice(analysis=self._consent)
            case "kiosk.upstream":
                self.session_id = event.get("session_id", self.session_id)
                self._is_upstream_lost = event.get("state") == "lost"
            case "kiosk.session.closed":
                # The session of the member before may close a moment later.
                if event["session_id"] == self.session_id:
                    self.close_reason = event["reason"]
            case "error":
                self.errors.append(event.get("error") or {})
            case realtime.ITEM_ADDED:
                self._item(event.get("item") or {})
            case realtime.SPEECH_STARTED | realtime.COMMITTED:
                self._owes_answer = True
                self._turns.setdefault(str(item_id), HeardTurn("member", ""))
            case realtime.TRANSCRIPTION_COMPLETED:
                self._heard(str(item_id), "member", str(event.get("transcript") or ""))
            case realtime.RESPONSE_CREATED:
                self._open_responses.add(str((event.get("response") or {}).get("id")))
            case realtime.RESPONSE_DONE:
                self._response_done(event.get("response") or {})
            case realtime.AUDIO_DELTA:
                self._audio_bytes[str(item_id)] = self._audio_bytes.get(str(item_id), 0) + realtime.audio_bytes(
                    event.get("delta")
                )
            case "response.output_audio.done":
                # A simulated kiosk plays at once: all of it was heard.
                played = duration_ms(self._audio_bytes.get(str(item_id), 0))
                await self._send({"type": "kiosk.playback", "item_id": item_id, "played_ms": played})
            case _ if kind in realtime.WORDS_DONE:
                self._heard(str(item_id), "assistant", str(event.get("transcript", event.get("text")) or ""))

    def _item(self, item: Event) -> None:
        role = "member" if item.get("role") == "user" else "assistant"
        if item.get("type") != "message":
            return
        words = realtime.user_text(item)
        self._turns.setdefault(str(item.get("id")), HeardTurn(role, ""))
        if words is not None:
            self._heard(str(item.get("id")), role, words)

    def _heard(self, item_id: str, role: str, text: str) -> None:
        turn = HeardTurn(role, text.strip())
        self._turns[item_id] = turn
        if self._on_turn is not None and turn.text:
            self._on_turn(turn)

    def _response_done(self, response: Event) -> None:
        self._open_responses.discard(str(response.get("id")))
        if (response.get("metadata") or {}).get(realtime.CONTINUES):
            return  # A tool answers first.
        self._owes_answer = False
        self._answers_done += 1


@asynccontextmanager
async def connected(
    gateway_url: str,
    token: str,
    *,
    on_turn: Callable[[HeardTurn], None] | None = None,
    consent: bool | None = True,
    greet: bool = False,
) -> AsyncIterator[KioskClient]:
    """An open connection, closed at the end.

    Args:
        consent: what the member answers to each notice that asks; None leaves it to the caller.
        greet: the assistant speaks first; `badge` does not wait for it.

    Raises:
        KioskError: when the gateway does not answer or refuses the token.
    """
    parts = urlsplit(gateway_url)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme, parts.scheme)
    url = urlunsplit(
        parts._replace(
            scheme=scheme, path=parts.path.rstrip("/") + "/v1/realtime", query="kiosk=1&greet=1" if greet else "kiosk=1"
        )
    )
    try:
        socket = await connect(
            url,
            additional_headers={"Authorization": f"Bearer {token}"},
            compression=None,
            open_timeout=_OPEN_SECONDS,
            close_timeout=2,
            max_size=None,
            proxy=None if parts.hostname in ("127.0.0.1", "localhost") else True,
        )
    except InvalidStatus as error:
        raise KioskError(
            f"the gateway refused the kiosk with status {error.response.status_code}: {_reason(error.response.body)}"
        ) from None
    except (OSError, TimeoutError) as error:
        raise KioskError(
            f"the gateway at {parts.netloc} does not answer ({type(error).__name__}): start it with `jarvis up`"
        ) from None
    client = KioskClient(socket, on_turn=on_turn, consent=consent)
    try:
        yield client
    finally:
        await client.close()


def _reason(body: bytes | None) -> str:
    try:
        return str(orjson.loads(body or b"")["error"]["message"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return "no reason given"
