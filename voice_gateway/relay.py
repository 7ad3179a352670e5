"""Runs what the pure core decides: one session, its upstream, tools and timers.

Each direction is pumped by its own task, so that neither waits for the other's slow work. The core is called without a
break in between, effects run in order, and a durable record is committed before the effect after it. The kiosk's side
is `connection.py`.
"""

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from typing import Any
from uuid import uuid4

import orjson

from jarvis.budgets import VoiceMode
from jarvis.kiosks import Kiosk
from jarvis.logs import place_of
from jarvis.sessions import CloseReason
from voice_gateway.effects import (
    BudgetSpent,
    CloseRequested,
    Dial,
    Effect,
    Finished,
    HangUp,
    LookAtBudget,
    Persist,
    Report,
    RunTool,
    SessionEvent,
    Tick,
    ToKiosk,
    ToolFinished,
    ToUpstream,
    UpstreamLost,
    UpstreamOpened,
    UpstreamSent,
)
from voice_gateway.outbound import Outbound
from voice_gateway.protocol import kiosk as kiosk_protocol
from voice_gateway.protocol import realtime
from voice_gateway.recorder import RecordingError, SessionRefused
from voice_gateway.services import Services, moment
from voice_gateway.session import VoiceSession
from voice_gateway.tools.runner import ToolContext, run_once
from voice_gateway.upstream import Upstream, UpstreamUnavailable

log = logging.getLogger(__name__)

Tell = Callable[[str], Awaitable[None]]
"""Tells a kiosk something."""


class LiveSession:
    """One session with its upstream: brings events to the core and runs its effects."""

    def __init__(self, session: VoiceSession, services: Services, kiosk: Kiosk, tell: Tell) -> None:
        self.session = session
        self.is_over = asyncio.Event()
        self._services = services
        self._kiosk = kiosk
        self._tell = tell
        self._legs: dict[int, Upstream] = {}
        self._uplinks: dict[int, Outbound] = {}
        self._dialling: dict[int, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._asked_at: float | None = None
        self._interrupting: set[str] = set()
        self._start(self._watch_deadline())

    def move_to(self, tell: Tell) -> None:
        """What the session says goes to another connection from now on."""
        self._tell = tell

    async def receive(self, event: SessionEvent) -> None:
        """The event has been decided on and its effects have run."""
        effects = self.session.receive(event, moment())
        if any(isinstance(effect, Persist) and effect.is_durable for effect in effects):
            # Half of these would be wrong for good: a close on record with its upstream still open, say. Whoever is
            # cancelled meanwhile goes; they run to their end.
            running = asyncio.create_task(self._run_all(effects))
            keep(running)
            await asyncio.shield(running)
        else:
            await self._run_all(effects)

    async def _run_all(self, effects: Sequence[Effect]) -> None:
        try:
            for effect in effects:
                await self._run(effect)
        except RecordingError as error:
            # What cannot be kept must not be said: the session ends. Its lease runs out, and the reaper closes it.
            is_refused = isinstance(error, SessionRefused)
            log.error(
                "session cannot be recorded",
                extra={"session_id": str(self.session.session_id), "is_refused": is_refused},
            )
            await self._hang_up()
            await self._tell(realtime.text_of({"event_id": f"gwc_{uuid4().hex[:12]}", **_not_recorded(is_refused)}))
        finally:
            if any(isinstance(effect, Finished) for effect in effects):
                await self._hang_up()

    async def _run(self, effect: Effect) -> None:
        match effect:
            case Persist(records=records, is_durable=True):
                await self._services.recorder.commit(records)
            case Persist(records=records):
                self._services.recorder.note(records)
            case ToKiosk(text=text):
                await self._tell(text)
            case ToUpstream(text=text, leg=leg, sound_ms=sound_ms):
                if leg in self._uplinks:
                    await self._uplinks[leg].put(text, sound_ms=sound_ms)
            case Dial(leg=leg, after_seconds=after_seconds):
                self._dialling[leg] = self._start(self._hold_upstream(leg, after_seconds))
            case HangUp(leg=leg):
                self._hang_up_leg(leg)
            case RunTool(call_id=call_id, name=name, arguments=arguments):
                self._start(self._run_tool(call_id, name, arguments))
            case LookAtBudget():
                self._start(self._look_at_budget())
            case Report(event=event):
                await self.receive(event)
            case Finished(reason=reason, cost_usd=cost_usd):
                self._services.metrics.sessions_closed.labels(reason.value).inc()
                self._services.metrics.cost_usd.inc(float(cost_usd))
                await self._hang_up()
                # What it cost may have crossed a threshold: the manager need not wait for the next member.
                keep(asyncio.create_task(self._look_at_budget()))

    async def _look_at_budget(self) -> None:
        if await self._services.mode_of(self._kiosk.kiosk_id, moment().at) is VoiceMode.TEXT:
            await self.receive(BudgetSpent())

    def _upstream_stuck(self, leg: int) -> None:
        log.warning("upstream takes nothing", extra={"session_id": str(self.session.session_id), "leg": leg})
        self._hang_up_leg(leg)

    async def _hold_upstream(self, leg: int, after_seconds: float) -> None:
        """Dials once, after a pause, then brings every frame of the upstream until it goes away."""
        services, session = self._services, self.session
        lost = UpstreamLost("the connection ended", leg)
        try:
            # Not all at the same moment: a provider that comes back meets every kiosk there is.
            await asyncio.sleep(after_seconds * random.uniform(0.75, 1.0))
            dialled_at = time.perf_counter()
            upstream = await services.dial(session.session_id, session.plan.profile.model)
            services.metrics.upstream_connect.observe(time.perf_counter() - dialled_at)
        except UpstreamUnavailable as error:
            log.warning("upstream unavailable", extra={"session_id": str(session.session_id), "leg": leg})
            services.metrics.upstream_dials.labels("refused" if error.is_fatal else "failed").inc()
            await self.receive(UpstreamLost(str(error), leg, error.is_fatal))
            return
        finally:
            # From here on it is not cancelled but closed.
            self._dialling.pop(leg, None)
        if self.is_over.is_set():
            await upstream.close()
            return
        services.metrics.upstream_dials.labels("opened").inc()
        self._legs[leg] = upstream
        self._uplinks[leg] = Outbound(
            upstream.send,
            # Half open: its buffers are full and nobody reads. The pump of the other direction sees it end.
            on_stuck=lambda: self._upstream_stuck(leg),
            on_late_sound=lambda late_ms: services.metrics.sound_dropped_seconds.inc(late_ms / 1000),
            send_seconds=services.limits.send_seconds,
        )
        try:
            await self.receive(UpstreamOpened(leg))
            async for frame in upstream.frames():
                arrived = time.perf_counter()
                try:
                    event = orjson.loads(frame)
                except orjson.JSONDecodeError:
                    log.warning("upstream sent no JSON", extra={"session_id": str(session.session_id)})
                    continue
                if not isinstance(event, dict):
                    continue
                self._measure_answer(event.get("type"))
                self._measure_speech(event)
                await self.receive(UpstreamSent(event, frame, leg))
                services.metrics.relayed_bytes.labels("down").inc(len(frame))
                services.metrics.added_latency.labels("down").observe(time.perf_counter() - arrived)
        except UpstreamUnavailable as error:
            lost = UpstreamLost(str(error), leg, error.is_fatal)
        finally:
            self._legs.pop(leg, None)
            if (uplink := self._uplinks.pop(leg, None)) is not None:
                uplink.close()
            await upstream.close()
        await self.receive(lost)

    def _hang_up_leg(self, leg: int) -> None:
        """The connection is being closed; nothing waits for it, and a dial that is still under way is given up."""
        dialling = self._dialling.pop(leg, None)
        if dialling is not None and dialling is not asyncio.current_task():
            dialling.cancel()
        upstream, uplink = self._legs.pop(leg, None), self._uplinks.pop(leg, None)
        if upstream is not None and uplink is not None:
            # In a task of its own: this may run inside the pump that reads from it.
            keep(asyncio.create_task(_close_leg(upstream, uplink)))

    def _measure_answer(self, kind: object) -> None:
        if kind in (realtime.SPEECH_STOPPED, realtime.COMMITTED):
            self._asked_at = self._asked_at or time.perf_counter()
        elif self._asked_at is not None and (kind == realtime.AUDIO_DELTA or kind in realtime.WORDS_DELTA):
            self._services.metrics.answer_latency.observe(time.perf_counter() - self._asked_at)
            self._asked_at = None

    def _measure_speech(self, event: dict[str, Any]) -> None:
        """Noise and echo that the upstream took for speech: it brings no words, and may have cut an answer."""
        kind, item_id = event.get("type"), str(event.get("item_id"))
        if kind == realtime.SPEECH_STARTED and self.session.is_heard(moment()):
            self._interrupting.add(item_id)
        elif kind == realtime.TRANSCRIPTION_COMPLETED:
            is_interrupting = item_id in self._interrupting
            self._interrupting.discard(item_id)
            if not str(event.get("transcript") or "").strip():
                self._services.metrics.wordless_speech.labels("answer" if is_interrupting else "silence").inc()

    def asked(self) -> None:
        """The kiosk asked for an answer itself: the clock of the answer's latency starts."""
        self._asked_at = time.perf_counter()

    async def _run_tool(self, call_id: str, name: str, arguments: dict[str, object]) -> None:
        services, began = self._services, time.perf_counter()
        context = ToolContext(self._kiosk.kiosk_id, self.session.session_id, services.pool, call_id)
        result = await run_once(services.tools, name, arguments, context, timeout_seconds=services.limits.tool_seconds)
        known = name if any(tool.name == name for tool in services.tools) else "unknown"
        services.metrics.tool_latency.labels(known).observe(time.perf_counter() - began)
        await self.receive(ToolFinished(call_id, result.status, result.output, result.is_ours, result.claimed_at))

    async def _watch_deadline(self) -> None:
        while not self.is_over.is_set():
            remaining = self.session.deadline() - time.monotonic()
            # Never longer than a second: a close that is asked for meanwhile brings its deadline nearer.
            with suppress(TimeoutError):
                async with asyncio.timeout(min(max(remaining, 0.01), 1.0)):
                    await self.is_over.wait()
            if self.session.is_finished:
                return  # Its last effects are running; nothing is due any more.
            if self.session.deadline() <= time.monotonic():
                await self.receive(Tick())

    async def _hang_up(self) -> None:
        if self.is_over.is_set():
            return
        self.is_over.set()
        self._services.recorder.let_go(self.session.session_id)
        self._services.metrics.sessions_active.dec()
        for leg in {*self._dialling, *self._legs}:
            self._hang_up_leg(leg)

    def _start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[None]":
        task = asyncio.create_task(self._guard(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _guard(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:
            # Type and place only: the message could quote a frame.
            log.error(
                "session task failed",
                extra={
                    "session_id": str(self.session.session_id),
                    "error": type(error).__name__,
                    "place": place_of(error),
                },
            )
            await self.receive(CloseRequested(CloseReason.PROVIDER_LOST))


async def _close_leg(upstream: Upstream, uplink: Outbound) -> None:
    """What was on its way to the upstream is sent, if it takes it, and the connection is gone."""
    await uplink.drain()
    uplink.close()
    await upstream.close()


def _not_recorded(is_refused: bool) -> dict[str, Any]:
    """What a kiosk is told when its session ends because it cannot be kept."""
    if is_refused:
        return kiosk_protocol.error_event(
            "session_refused", "found the session refused by the database, expected it on record: call the operator"
        )
    return kiosk_protocol.error_event(
        "not_recorded", "found neither database nor disk to record the session, expected one: call the operator"
    )


_kept: set["asyncio.Task[None]"] = set()


def keep(task: "asyncio.Task[None]") -> None:
    """The task runs to its end: the loop only holds weak references, and one that nobody keeps may vanish half-way."""
    _kept.add(task)
    task.add_done_callback(_kept.discard)
