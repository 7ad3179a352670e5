"""Runs what the pure core decides: one kiosk's socket, its session, the upstream, tools and timers.

Each direction is pumped by its own task, so that neither waits for the other's slow work. The core is
called without a break in between, effects run in order, and a durable record is committed before the
effect after it.
"""

import asyncio
import logging
import random
import time
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from jarvis.budgets import VoiceMode, model_for
from jarvis.kiosk_config import KioskConfig
from jarvis.kiosks import Badge, BadgeOutcome, Kiosk
from jarvis.sessions import CloseReason, Limits
from jarvis.settings import Settings
from voice_gateway.effects import (
    CloseRequested,
    Dial,
    Effect,
    Finished,
    HangUp,
    KioskAway,
    KioskBack,
    KioskLost,
    KioskRefused,
    KioskSent,
    Moment,
    Opened,
    Persist,
    Report,
    RunTool,
    SessionEvent,
    SessionPlan,
    Tick,
    ToKiosk,
    ToolFinished,
    ToUpstream,
    UpstreamLost,
    UpstreamOpened,
    UpstreamSent,
)
from voice_gateway.instructions import LANGUAGES, instructions_for, spoken_language
from voice_gateway.metrics import Metrics
from voice_gateway.outbound import Outbound
from voice_gateway.protocol import kiosk as kiosk_protocol
from voice_gateway.protocol import realtime
from voice_gateway.recorder import Recorder, RecordingError, SessionRefused
from voice_gateway.session import VoiceSession
from voice_gateway.tools.runner import Tool, ToolContext, definitions, run_once
from voice_gateway.upstream import DialUpstream, Upstream, UpstreamUnavailable
from warehouse.stores.kiosks import identify_badge, standing_tokens
from warehouse.stores.sessions import Scope

log = logging.getLogger(__name__)

Tell = Callable[[str], Awaitable[None]]
CloseSocket = Callable[[int, str], Awaitable[None]]
"""Closes a kiosk's socket with a code and a reason."""
Flush = Callable[[], Awaitable[None]]
"""Waits until a kiosk has taken what it was told, or does not."""

# A card reader reports one touch several times.
_BOUNCE_SECONDS = 3.0
_LOOK_UP_SECONDS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What every connection shares."""

    settings: Settings
    pool: "AsyncConnectionPool[AsyncConnection]"
    recorder: Recorder
    dial: DialUpstream
    tools: Sequence[Tool]
    mode_of: Callable[[UUID, datetime], Awaitable[VoiceMode]]
    """How the next session of a kiosk is held, at a moment."""
    metrics: Metrics
    limits: Limits = field(default_factory=Limits)
    resumable: "dict[UUID, KioskConnection]" = field(default_factory=dict)
    """The connection that holds each session of a kiosk: of this process only, so kiosks come back to the same one."""


def moment() -> Moment:
    """Now, on both clocks."""
    return Moment(datetime.now(UTC), time.monotonic())


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
            _keep(running)
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
            case Report(event=event):
                await self.receive(event)
            case Finished(reason=reason, cost_usd=cost_usd):
                self._services.metrics.sessions_closed.labels(reason.value).inc()
                self._services.metrics.cost_usd.inc(float(cost_usd))
                await self._hang_up()
                # What it cost may have crossed a threshold: the manager need not wait for the next member.
                _keep(asyncio.create_task(self._look_at_budget()))

    async def _look_at_budget(self) -> None:
        await self._services.mode_of(self._kiosk.kiosk_id, moment().at)

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
            upstream = await services.dial(session.session_id, session.plan.profile.model)
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
            _keep(asyncio.create_task(_close_leg(upstream, uplink)))

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
        await self.receive(ToolFinished(call_id, result.status, result.output))

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
            place = traceback.extract_tb(error.__traceback__)[-1]
            log.error(
                "session task failed",
                extra={
                    "session_id": str(self.session.session_id),
                    "error": type(error).__name__,
                    "place": f"{place.filename}:{place.lineno}",
                },
            )
            await self.receive(CloseRequested(CloseReason.PROVIDER_LOST))


async def _close_leg(upstream: Upstream, uplink: Outbound) -> None:
    """What was on its way to the upstream is sent, if it takes it, and the connection is gone."""
    await uplink.drain()
    uplink.close()
    await upstream.close()


class KioskConnection:
    """One kiosk's socket: reads its frames, opens and ends its sessions."""

    def __init__(
        self,
        kiosk: Kiosk,
        services: Services,
        *,
        token_hash: bytes,
        is_kiosk: bool,
        tell: Tell,
        close: CloseSocket,
        flush: Flush,
        greets: bool = False,
    ) -> None:
        self._kiosk = kiosk
        self.token_hash = token_hash
        self._close_socket = close
        self._flush = flush
        self._is_cut_off = False
        self._config, self._config_version = KioskConfig(), -1
        self._services = services
        self._is_kiosk = is_kiosk
        self._greets = greets and is_kiosk
        self._tell_socket = tell
        self._current: LiveSession | None = None
        self._open_sessions: set[LiveSession] = set()
        self._last_badge: tuple[str, float] | None = None
        # The page and the agent beside it may both show a badge: one session opens after the other.
        self._opening = asyncio.Lock()
        self._has_handed_over = asyncio.Event()
        self._is_connected = True
        self._is_stopping = False

    @property
    def kiosk_id(self) -> UUID:
        """Which kiosk this is."""
        return self._kiosk.kiosk_id

    def cut_off(self) -> None:
        """No frame of the kiosk counts any more; it is told why, its sessions end, and its socket is closed."""
        if not self._is_cut_off:
            self._is_cut_off = True
            _keep(asyncio.create_task(self._leave_revoked()))

    @property
    def gym_id(self) -> UUID:
        """Whose kiosk this is."""
        return self._kiosk.gym_id

    def configure(self, config: KioskConfig, version: int) -> None:
        """The kiosk is told how to behave, when that is news; its next session has the voice and the ear of it."""
        if version == self._config_version:
            return
        self._config, self._config_version = config, version
        if self._is_kiosk:
            news = {"event_id": f"gwc_{uuid4().hex[:12]}", **kiosk_protocol.config(config, version)}
            _keep(asyncio.create_task(self._tell(realtime.text_of(news))))

    @property
    def shows_badges(self) -> bool:
        """True for a kiosk's page, which opens a session for a badge that the kiosk's agent read."""
        return self._is_kiosk and not self._is_cut_off

    def badge_read(self, badge_id: str, scanned_at: datetime) -> None:
        """The badge opens a session, as if the page itself had seen it."""
        _keep(asyncio.create_task(self._show_badge(badge_id, scanned_at)))

    async def _show_badge(self, badge_id: str, scanned_at: datetime) -> None:
        try:
            await self._start_session(badge_id, scanned_at)
        except kiosk_protocol.FrameError as error:
            await self._tell(realtime.text_of({"event_id": f"gwc_{uuid4().hex[:12]}", **error.as_event()}))

    async def _leave_revoked(self) -> None:
        await self._tell(realtime.text_of({"event_id": f"gwc_{uuid4().hex[:12]}", **_revoked().as_event()}))
        await self.stop(CloseReason.OPERATOR)
        await self._close_socket(1008, "token_revoked")

    @property
    def current(self) -> LiveSession | None:
        """The session that the kiosk's frames go to; None between two members."""
        if self._current is not None and self._current.is_over.is_set():
            self._current = None
        return self._current

    async def open_without_badge(self) -> LiveSession:
        """A session of nobody in particular has started."""
        return await self._open(None)

    async def frame(self, frame: str | bytes) -> None:
        """One frame of the kiosk has been dealt with."""
        if self._is_cut_off:
            return
        arrived = time.perf_counter()
        try:
            event = kiosk_protocol.read_frame(frame)
            kind = event["type"]
            if self._is_kiosk and kind in (kiosk_protocol.BADGE_SCANNED, kiosk_protocol.SESSION_START):
                await self._start_session(
                    kiosk_protocol.badge_of(event) if kind == kiosk_protocol.BADGE_SCANNED else None
                )
                return
            if self._is_kiosk and kind == kiosk_protocol.SESSION_RESUME:
                await self._resume(kiosk_protocol.session_of(event))
                return
            if self.current is None or (kind in kiosk_protocol.KIOSK_EVENTS and not self._is_kiosk):
                raise kiosk_protocol.FrameError(
                    "no_session" if self.current is None else "unknown_event",
                    "found no open session, expected kiosk.badge.scanned first"
                    if self.current is None
                    else "found a kiosk event from a client that did not opt in, expected ?kiosk=1 in the address",
                )
        except kiosk_protocol.FrameError as error:
            self._services.metrics.frame_errors.labels(error.code).inc()
            current = self.current
            if current is not None and not current.session.is_finished:
                await current.receive(KioskRefused(error.as_event()))
                return
            await self._tell(realtime.text_of({"event_id": f"gwc_{uuid4().hex[:12]}", **error.as_event()}))
            return
        if kind in (kiosk_protocol.RESPONSE_CREATE, kiosk_protocol.COMMIT):
            self.current.asked()
        await self.current.receive(KioskSent(event))
        self._services.metrics.relayed_bytes.labels("up").inc(len(frame))
        self._services.metrics.added_latency.labels("up").observe(time.perf_counter() - arrived)

    async def lost(self, reason: CloseReason, cause: str | None = None) -> None:
        """The socket is gone; every session of it is closed on record, with the cause where it was given up."""
        self._is_connected = False
        waiting = self.current if self._may_come_back(reason, cause) else None
        if waiting is not None:
            await waiting.receive(KioskAway())
        for live in [live for live in self._open_sessions if live is not waiting]:
            await live.receive(KioskLost(reason, cause))
        await self._wait_for_sessions(self._services.limits.resume_seconds if waiting is not None else 0.0)

    def _may_come_back(self, reason: CloseReason, cause: str | None) -> bool:
        is_broken = reason is CloseReason.KIOSK_LOST and cause is None
        is_ours = self._is_kiosk and not (self._is_stopping or self._is_cut_off)
        return is_broken and is_ours and self._services.limits.resume_seconds > 0

    def _hand_over(self, session_id: UUID, token: bytes) -> LiveSession | None:
        """The session leaves this connection, for another one of the same device; None where it must not."""
        live = self.current
        if live is None or live.session.session_id != session_id or token != self.token_hash:
            return None
        if not live.session.can_be_resumed or self._is_cut_off:
            return None
        self._open_sessions.discard(live)
        self._current = self._last_badge = None
        self._has_handed_over.set()
        return live

    async def _give_up_waiting(self) -> None:
        """Somebody else stands at this kiosk: sessions that wait for its return end."""
        for holder in set(self._services.resumable.values()):
            if holder.kiosk_id == self.kiosk_id and not holder._is_connected and holder.current is not None:
                await holder.current.receive(KioskLost(CloseReason.KIOSK_LOST))

    async def _resume(self, session_id: UUID | None) -> None:
        async with self._opening:
            holder = self._services.resumable.get(session_id) if session_id is not None else None
            is_free = self.current is None and not self._is_stopping
            live = holder._hand_over(session_id, self.token_hash) if holder and session_id and is_free else None
            if live is None or session_id is None:
                raise kiosk_protocol.FrameError(
                    "session_not_resumable",
                    "found no session of this device that waits for it, expected one: start a new session",
                    param="session_id",
                )
            # Where the old connection is only half dead, the session learns of its loss by this.
            await live.receive(KioskAway())
            live.move_to(self._tell)
            self._hold(live)
            await live.receive(KioskBack())

    async def end(self, session_id: UUID, reason: CloseReason) -> None:
        """The session, where it is one of this socket's, is closed on record; the socket stays."""
        for live in [one for one in self._open_sessions if one.session.session_id == session_id]:
            await live.receive(CloseRequested(reason))
            with suppress(TimeoutError):  # Its drain and the writing of its close have their own limits.
                async with asyncio.timeout(self._services.limits.drain_seconds + 3):
                    await live.is_over.wait()

    async def stop(self, reason: CloseReason) -> None:
        """Sessions are ended by the gateway, and no new one opens; the socket stays."""
        self._is_stopping = True
        for live in list(self._open_sessions):
            await live.receive(CloseRequested(reason))
        await self._wait_for_sessions()
        await self._flush()

    async def _all_over(self) -> None:
        for live in list(self._open_sessions):
            await live.is_over.wait()

    async def _wait_for_sessions(self, resume_seconds: float = 0.0) -> None:
        over = asyncio.create_task(self._all_over())
        handed_over = asyncio.create_task(self._has_handed_over.wait())
        # The core's own limits, and the writing of the close.
        seconds = resume_seconds + self._services.limits.drain_seconds + 3
        await asyncio.wait({over, handed_over}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        handed_over.cancel()

    async def _start_session(self, badge_id: str | None, scanned_at: datetime | None = None) -> None:
        async with self._opening:
            if badge_id is not None and self._is_bounce(badge_id):
                return
            if badge_id is not None:
                self._last_badge = (badge_id, time.monotonic())
            if self.current is not None:
                await self.current.receive(CloseRequested(CloseReason.SECOND_BADGE))
            await self._give_up_waiting()
            badge = await self._look_up(badge_id) if badge_id is not None else None
            await self._open(replace(badge, scanned_at=scanned_at) if badge is not None else None)

    def _is_bounce(self, badge_id: str) -> bool:
        if self._last_badge is None or self.current is None:
            return False
        last, at = self._last_badge
        return last == badge_id and time.monotonic() - at < _BOUNCE_SECONDS

    async def _look_up(self, badge_id: str) -> Badge:
        try:
            async with self._services.pool.connection(timeout=_LOOK_UP_SECONDS) as connection:
                if not await standing_tokens(connection, [self.token_hash]):
                    self.cut_off()
                    raise _revoked()
                return await identify_badge(connection, kiosk_id=self._kiosk.kiosk_id, badge_id=badge_id)
        except (psycopg.Error, PoolTimeout, OSError) as error:
            # Without the database nobody can be recognised, but anybody can be helped.
            log.warning(
                "badge not looked up", extra={"kiosk_id": str(self._kiosk.kiosk_id), "error": type(error).__name__}
            )
            return Badge(BadgeOutcome.UNKNOWN, unread_id=badge_id)

    async def _open(self, badge: Badge | None) -> LiveSession:
        services, kiosk, config = self._services, self._kiosk, self._config
        if self._is_stopping:
            raise kiosk_protocol.FrameError(
                "gateway_stopping", "found the gateway stopping, expected it to serve: connect again in a few seconds"
            )
        if not services.recorder.is_accepting:
            raise kiosk_protocol.FrameError(
                "storage_full", "found the gateway's journal full, expected room: no new session can be kept"
            )
        settings = services.settings
        # One language for the ear and the mouth of the model.
        language = spoken_language((badge.language if badge else None) or config.language or kiosk.language)
        mode = await services.mode_of(kiosk.kiosk_id, moment().at)
        plan = SessionPlan(
            scope=Scope(uuid4(), kiosk.kiosk_id, kiosk.gym_id),
            profile=realtime.SessionProfile(
                model=model_for(
                    mode, model=kiosk.model or settings.realtime_model, cheaper_model=settings.budget_model
                ),
                is_text_only=mode is VoiceMode.TEXT,
                voice=config.voice or kiosk.voice or settings.realtime_voice,
                language=language,
                instructions=instructions_for(badge, language),
                tools=definitions(services.tools),
                transcription_model=settings.transcription_model,
                noise_reduction=config.noise_reduction,
                vad_threshold=config.vad_threshold,
            ),
            gateway_instance=services.recorder.instance,
            is_kiosk=self._is_kiosk,
            limits=_limits_with(services.limits, config),
            greets=self._greets and badge is not None,
            instructions={spoken: instructions_for(badge, spoken) for spoken in LANGUAGES},
        )
        live = LiveSession(VoiceSession(plan, moment()), services, kiosk, self._tell)
        services.recorder.vouch_for(plan.scope)
        services.metrics.sessions_active.inc()
        self._hold(live)
        await live.receive(Opened(badge))
        return live

    def _hold(self, live: LiveSession) -> None:
        self._current = live
        self._has_handed_over.clear()
        self._open_sessions.add(live)
        if self._is_kiosk:
            self._services.resumable[live.session.session_id] = self
        _keep(asyncio.create_task(self._forget(live)))

    async def _forget(self, live: LiveSession) -> None:
        """Nothing here holds on to a session that is over, or to whose it was."""
        await live.is_over.wait()
        self._open_sessions.discard(live)
        self._services.resumable.pop(live.session.session_id, None)
        if self._current is live:
            self._current = self._last_badge = None

    async def _tell(self, text: str) -> None:
        if self._is_connected:
            await self._tell_socket(text)


def _limits_with(limits: Limits, config: KioskConfig) -> Limits:
    """The platform's limits with the silence set for this kiosk, which keeps no member's name longer than before."""
    if config.idle_seconds is None:
        return limits
    personal = min(limits.personal_idle_seconds, config.idle_seconds)
    return replace(limits, idle_seconds=config.idle_seconds, personal_idle_seconds=personal)


def _revoked() -> kiosk_protocol.FrameError:
    return kiosk_protocol.FrameError(
        "invalid_token", "found this kiosk's token revoked, expected a valid one: provision the kiosk again"
    )


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


def _keep(task: "asyncio.Task[None]") -> None:
    """The loop only holds weak references: a task nobody keeps may vanish half-way."""
    _kept.add(task)
    task.add_done_callback(_kept.discard)
