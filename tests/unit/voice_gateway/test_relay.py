"""Effects of a session as they are run: to their end, in order, and never half."""

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import cast
from uuid import UUID

import orjson
import pytest

from jarvis.budgets import VoiceMode
from jarvis.kiosks import Kiosk
from jarvis.sessions import CloseReason, Limits
from jarvis.settings import load_settings
from jarvis.storage import StorageLevel
from voice_gateway.app import create_app, drain
from voice_gateway.connection import KioskConnection
from voice_gateway.effects import CloseRequested
from voice_gateway.metrics import Metrics
from voice_gateway.protocol.kiosk import FrameError
from voice_gateway.recorder import Recorder, RecordingError, SessionRefused
from voice_gateway.relay import LiveSession
from voice_gateway.services import Services
from voice_gateway.upstream import DialUpstream
from warehouse.stores.sessions import EventRow, Record, Scope, Write

KIOSK = Kiosk(UUID(int=2), UUID(int=3), "borne", "Borne")


class FakeRecorder:
    """Keeps records in a list; a commit waits until it may go on, or fails."""

    instance = "gateway-1"
    is_accepting = True

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.live: set[UUID] = set()
        self.may_commit = asyncio.Event()
        self.may_commit.set()
        self.failure: RecordingError | None = None

    def vouch_for(self, scope: Scope) -> None:
        self.live.add(scope.session_id)

    def let_go(self, session_id: UUID) -> None:
        self.live.discard(session_id)

    def note(self, records: Sequence[Record]) -> None:
        self.records.extend(records)

    async def commit(self, records: Sequence[Record]) -> None:
        await self.may_commit.wait()
        if self.failure is not None:
            raise self.failure
        self.records.extend(records)

    @property
    def close_reasons(self) -> list[str]:
        return [
            record.values["close_reason"]
            for record in self.records
            if isinstance(record, Write) and record.block == "close_session"
        ]


class SilentUpstream:
    """Takes everything and answers nothing until it is closed."""

    def __init__(self) -> None:
        self.is_closed = asyncio.Event()

    async def send(self, text: str) -> None:
        return None

    async def frames(self) -> AsyncIterator[str]:
        await self.is_closed.wait()
        for frame in list[str]():
            yield frame

    async def close(self) -> None:
        self.is_closed.set()


class Door:
    """One kiosk's connection with all its neighbours faked."""

    def __init__(
        self, tmp_path: Path, *, upstream: SilentUpstream | None = None, dial: DialUpstream | None = None
    ) -> None:
        self.recorder, self.upstream, self.metrics = FakeRecorder(), upstream or SilentUpstream(), Metrics()
        self.told: list[dict[str, object]] = []

        async def dial_upstream(session_id: UUID, model: str) -> SilentUpstream:
            return self.upstream

        async def tell(text: str) -> None:
            self.told.append(orjson.loads(text))

        async def mode_of(kiosk_id: UUID, moment: datetime) -> VoiceMode:
            return VoiceMode.FULL

        async def storage_level_of(kiosk_id: UUID) -> StorageLevel:
            return StorageLevel.ALL

        services = Services(
            mode_of=mode_of,
            storage_level_of=storage_level_of,
            settings=load_settings({"JARVIS_HOME": str(tmp_path)}),
            pool=cast(object, None),  # type: ignore[arg-type]  # no badge is looked up here
            recorder=cast(Recorder, self.recorder),
            dial=dial or dial_upstream,
            tools=(),
            metrics=self.metrics,
            limits=Limits(drain_seconds=0.05, send_seconds=0.05),
        )
        self.hung_up: list[tuple[int, str]] = []

        async def close(code: int, why: str) -> None:
            self.hung_up.append((code, why))

        async def flush() -> None:
            return

        self.connection = KioskConnection(
            KIOSK, services, token_hash=b"", is_kiosk=True, tell=tell, close=close, flush=flush
        )

    async def open(self) -> LiveSession:
        live = await self.connection.open_without_badge()
        await asyncio.sleep(0)
        return live

    @property
    def active(self) -> float | None:
        return self.metrics.registry.get_sample_value("jarvis_gateway_sessions_active")


def test_a_cancelled_close_still_hangs_up(tmp_path: Path) -> None:
    """Whoever is cancelled between the close's commit and the hang-up leaves nothing open behind."""

    async def scenario() -> None:
        door = Door(tmp_path)
        live = await door.open()
        door.recorder.may_commit.clear()
        closing = asyncio.create_task(live.receive(CloseRequested(CloseReason.OPERATOR)))
        waiting = asyncio.create_task(live.is_over.wait())
        while not live.session.is_finished:
            await asyncio.wait([closing, waiting], timeout=0.2, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.sleep(0)
        closing.cancel()
        await asyncio.gather(closing, return_exceptions=True)
        assert not live.is_over.is_set()
        door.recorder.may_commit.set()
        async with asyncio.timeout(5):
            await waiting
            await door.upstream.is_closed.wait()
        assert door.recorder.close_reasons == ["operator"]
        assert (door.active, door.recorder.live) == (0, set())

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("failure", "code"),
    [(SessionRefused("refused"), "session_refused"), (RecordingError("full"), "not_recorded")],
)
def test_a_session_that_cannot_be_kept_ends_and_the_kiosk_is_told(
    tmp_path: Path, failure: RecordingError, code: str
) -> None:
    """Its lease is no longer kept, so the reaper closes it; the kiosk gets a clear error."""

    async def scenario() -> None:
        door = Door(tmp_path)
        door.recorder.failure = failure
        live = await door.open()
        assert live.is_over.is_set() and not door.recorder.live
        error = cast(dict[str, str], door.told[-1]["error"])
        assert error["code"] == code and "expected" in error["message"]

    asyncio.run(scenario())


def test_a_frame_that_is_no_event_is_on_record_where_there_is_a_session(tmp_path: Path) -> None:
    """The error the kiosk hears is one of its session's events; without a session it is only told."""

    async def scenario() -> None:
        door = Door(tmp_path)
        await door.connection.frame("{")
        assert [event["type"] for event in door.told] == ["error"] and not door.recorder.records
        await door.open()
        for frame in ("{", b"\x00"):
            await door.connection.frame(frame)
        logged = [
            orjson.loads(record.payload)["error"]["code"]
            for record in door.recorder.records
            if isinstance(record, EventRow) and record.event_type == "error"
        ]
        assert logged == ["invalid_json", "binary_frame"]
        assert [event["type"] for event in door.told[-2:]] == ["error", "error"]

    asyncio.run(scenario())


def test_all_connections_are_stopped_together_and_no_session_opens_after(tmp_path: Path) -> None:
    """A kiosk that takes its time keeps no other waiting, and a new badge during the drain is refused."""

    class Slow:
        def __init__(self, both: asyncio.Barrier) -> None:
            self.both = both

        async def stop(self, reason: CloseReason) -> None:
            await self.both.wait()

    async def scenario() -> None:
        both = asyncio.Barrier(2)
        door = Door(tmp_path)
        await door.open()
        app = create_app(load_settings({"JARVIS_HOME": str(tmp_path)}))
        app.state.connections = {Slow(both), Slow(both), door.connection}
        async with asyncio.timeout(5):
            await drain(app)
        assert app.state.is_draining
        assert door.recorder.close_reasons == ["operator"]
        await door.connection.frame('{"type": "kiosk.session.start"}')
        assert cast(dict[str, str], door.told[-1]["error"])["code"] == "gateway_stopping"
        with pytest.raises(FrameError):
            await door.connection.open_without_badge()

    asyncio.run(scenario())


@pytest.mark.parametrize("is_stopped", [True, False], ids=["the gateway stops", "the kiosk is gone"])
def test_no_session_opens_on_a_connection_that_ended_meanwhile(tmp_path: Path, is_stopped: bool) -> None:
    """The database is asked before a session opens: what ends then finds none to end, so none may follow."""

    async def scenario() -> None:
        door = Door(tmp_path)
        asked, may_answer = asyncio.Event(), asyncio.Event()

        async def slow_mode_of(kiosk_id: UUID, moment: datetime) -> VoiceMode:
            asked.set()
            await may_answer.wait()
            return VoiceMode.FULL

        door.connection._services = replace(door.connection._services, mode_of=slow_mode_of)
        opening = asyncio.create_task(door.connection.open_without_badge())
        await asked.wait()
        if is_stopped:
            await door.connection.stop(CloseReason.OPERATOR)
        else:
            await door.connection.lost(CloseReason.KIOSK_LOST)
        may_answer.set()
        with pytest.raises(FrameError):
            await opening
        assert (door.active, door.recorder.live, door.recorder.records) == (0, set(), [])

    asyncio.run(scenario())


def test_an_upstream_that_takes_nothing_is_given_up(tmp_path: Path) -> None:
    """Half open, its buffers full: the send ends after a while, the connection is closed, and another is dialled."""

    class Full(SilentUpstream):
        async def send(self, text: str) -> None:
            await asyncio.Event().wait()

    async def scenario() -> None:
        dialled = asyncio.Queue[Full]()

        async def dial(session_id: UUID, model: str) -> Full:
            upstream = Full()
            dialled.put_nowait(upstream)
            return upstream

        door = Door(tmp_path, dial=dial)
        await door.open()
        await door.connection.frame('{"type": "kiosk.consent", "analysis": true}')
        async with asyncio.timeout(10):
            first = await dialled.get()
            await first.is_closed.wait()
            await dialled.get()
        assert "retrying" in [event.get("state") for event in door.told]
        await door.connection.stop(CloseReason.OPERATOR)

    asyncio.run(scenario())


def test_a_session_that_ends_gives_up_the_dial_that_is_under_way(tmp_path: Path) -> None:
    """An upstream that never answers the dial holds nobody up: the kiosk is told that the session is over."""

    async def scenario() -> None:
        was_cancelled = asyncio.Event()

        async def dial(session_id: UUID, model: str) -> SilentUpstream:
            try:
                await asyncio.Event().wait()
            finally:
                was_cancelled.set()
            return SilentUpstream()

        door = Door(tmp_path, dial=dial)
        live = await door.open()
        async with asyncio.timeout(5):
            await live.receive(CloseRequested(CloseReason.OPERATOR))
            await live.is_over.wait()
            await was_cancelled.wait()
        assert door.recorder.close_reasons == ["operator"]

    asyncio.run(scenario())


def test_nothing_holds_on_to_a_session_that_is_over(tmp_path: Path) -> None:
    """After the next member has come, the first one's session is no object of this process any more."""

    async def scenario() -> None:
        door = Door(tmp_path)
        await door.connection.frame('{"type": "kiosk.session.start"}')
        first = door.connection.current
        assert first is not None
        session, over = weakref.ref(first.session), first.is_over
        del first
        await door.connection.frame('{"type": "kiosk.session.start"}')
        async with asyncio.timeout(1):
            await over.wait()
            while session() is not None:
                await asyncio.sleep(0)
                gc.collect()

    asyncio.run(scenario())


def test_noise_that_cuts_an_answer_is_counted(tmp_path: Path) -> None:
    """Speech without a word counts by what it fell into: an answer, which it interrupted for nothing, or silence."""
    frames = [
        {"type": "input_audio_buffer.speech_started", "item_id": "u1"},
        {"type": "conversation.item.input_audio_transcription.completed", "item_id": "u1", "transcript": ""},
        {"type": "response.created", "response": {"id": "r1"}},
        {"type": "input_audio_buffer.speech_started", "item_id": "u2"},
        {"type": "conversation.item.input_audio_transcription.completed", "item_id": "u2", "transcript": " "},
        {"type": "input_audio_buffer.speech_started", "item_id": "u3"},
        {"type": "conversation.item.input_audio_transcription.completed", "item_id": "u3", "transcript": "Stop"},
    ]

    class Noisy(SilentUpstream):
        async def frames(self) -> AsyncIterator[str]:
            for frame in frames:
                yield orjson.dumps(frame).decode()
            was_read.set()
            await self.is_closed.wait()

    was_read = asyncio.Event()

    async def scenario() -> list[float | None]:
        async def dial(session_id: UUID, model: str) -> Noisy:
            return Noisy()

        door = Door(tmp_path, dial=dial)
        await door.open()
        async with asyncio.timeout(5):
            await was_read.wait()
        await door.connection.stop(CloseReason.OPERATOR)
        sample = door.metrics.registry.get_sample_value
        return [sample("jarvis_gateway_wordless_speech_total", {"into": into}) for into in ("answer", "silence")]

    assert asyncio.run(scenario()) == [1, 1]
