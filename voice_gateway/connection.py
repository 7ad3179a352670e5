"""One kiosk's socket: reads its frames, opens, hands over and ends its sessions.

What a session does with a frame is the core's; who runs that is `relay.py`. The server of the socket is
`routes/realtime.py`.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from uuid import UUID, uuid4

import psycopg
from psycopg_pool import PoolTimeout

from jarvis.kiosk_config import KioskConfig
from jarvis.kiosks import Badge, BadgeOutcome, Kiosk
from jarvis.sessions import CloseReason
from jarvis.storage import StorageLevel
from voice_gateway.apologies import Trouble, apology
from voice_gateway.effects import (
    CloseRequested,
    Event,
    GymSuspended,
    KioskAway,
    KioskBack,
    KioskLost,
    KioskRefused,
    KioskSent,
    Opened,
)
from voice_gateway.plans import session_plan
from voice_gateway.protocol import kiosk as kiosk_protocol
from voice_gateway.protocol import realtime
from voice_gateway.relay import LiveSession, Tell, keep
from voice_gateway.services import Services, moment
from voice_gateway.session import VoiceSession
from warehouse.stores.kiosks import identify_badge, served_kiosks, standing_tokens

log = logging.getLogger(__name__)

CloseSocket = Callable[[int, str], Awaitable[None]]
"""Closes a kiosk's socket with a code and a reason."""
Flush = Callable[[], Awaitable[None]]
"""Waits until a kiosk has taken what it was told, or does not."""

# A card reader reports one touch several times.
_BOUNCE_SECONDS = 3.0
_LOOK_UP_SECONDS = 2.0


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
        self._is_suspended = False
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
            keep(asyncio.create_task(self._leave_revoked()))

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
            keep(asyncio.create_task(self._say(kiosk_protocol.config(config, version))))

    @property
    def shows_badges(self) -> bool:
        """True for a kiosk's page, which opens a session for a badge that the kiosk's agent read."""
        return self._is_kiosk and not self._is_cut_off

    def badge_read(self, badge_id: str, scanned_at: datetime) -> None:
        """The badge opens a session, as if the page itself had seen it."""
        keep(asyncio.create_task(self._show_badge(badge_id, scanned_at)))

    async def _show_badge(self, badge_id: str, scanned_at: datetime) -> None:
        try:
            await self._start_session(badge_id, scanned_at)
        except kiosk_protocol.FrameError as error:
            await self._say(error.as_event())

    async def _leave_revoked(self) -> None:
        await self._say(_revoked().as_event())
        await self.stop(CloseReason.OPERATOR)
        await self._close_socket(1008, "token_revoked")

    def suspend(self) -> None:
        """No session opens any more; one under way ends at its next pause, and then the socket is closed."""
        if not self._is_suspended:
            self._is_suspended = True
            keep(asyncio.create_task(self._leave_suspended()))

    async def _leave_suspended(self) -> None:
        speaking = list(self._open_sessions)
        if not speaking:
            await self._say(self._suspension().as_event())
        for live in speaking:
            await live.receive(GymSuspended())
        # Each has its own limit, and its drain.
        await asyncio.gather(*(live.is_over.wait() for live in speaking))
        await self._close_socket(1008, kiosk_protocol.GYM_SUSPENDED)

    def _suspension(self) -> kiosk_protocol.FrameError:
        sentence = apology(Trouble.SUSPENDED, self._kiosk.language)
        return kiosk_protocol.FrameError(kiosk_protocol.GYM_SUSPENDED, sentence)

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
            await self._say(error.as_event())
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
                await holder.current.receive(KioskLost(CloseReason.KIOSK_LOST, is_taken=True))

    async def _resume(self, session_id: UUID | None) -> None:
        async with self._opening:
            holder = self._services.resumable.get(session_id) if session_id is not None else None
            is_free = self.current is None and not (self._is_stopping or self._is_suspended)
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
                if not await served_kiosks(connection, [self._kiosk.kiosk_id]):
                    self.suspend()
                    raise self._suspension()
                return await identify_badge(connection, kiosk_id=self._kiosk.kiosk_id, badge_id=badge_id)
        except (psycopg.Error, PoolTimeout, OSError) as error:
            # Without the database nobody can be recognised, but anybody can be helped.
            log.warning(
                "badge not looked up", extra={"kiosk_id": str(self._kiosk.kiosk_id), "error": type(error).__name__}
            )
            return Badge(BadgeOutcome.UNKNOWN, unread_id=badge_id)

    async def _open(self, badge: Badge | None) -> LiveSession:
        services, kiosk = self._services, self._kiosk
        if not services.recorder.is_accepting:
            raise kiosk_protocol.FrameError(
                "storage_full", "found the gateway's journal full, expected room: no new session can be kept"
            )
        mode = await services.mode_of(kiosk.kiosk_id, moment().at)
        level = await services.storage_level_of(kiosk.kiosk_id) if self._is_kiosk else StorageLevel.ALL
        # After the last wait: what stops, suspends or loses this connection meanwhile finds no session to end.
        if self._is_suspended:
            raise self._suspension()
        if self._is_stopping or not self._is_connected:
            raise kiosk_protocol.FrameError(
                "gateway_stopping", "found the gateway stopping, expected it to serve: connect again in a few seconds"
            )
        plan = session_plan(
            services,
            kiosk,
            config=self._config,
            badge=badge,
            mode=mode,
            is_kiosk=self._is_kiosk,
            greets=self._greets,
            storage_level=level,
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
        keep(asyncio.create_task(self._forget(live)))

    async def _forget(self, live: LiveSession) -> None:
        """Nothing here holds on to a session that is over, or to whose it was."""
        await live.is_over.wait()
        self._open_sessions.discard(live)
        self._services.resumable.pop(live.session.session_id, None)
        if self._current is live:
            self._current = self._last_badge = None

    async def _say(self, event: Event) -> None:
        """The kiosk is told something that belongs to no session."""
        await self._tell(realtime.text_of({"event_id": f"gwc_{uuid4().hex[:12]}", **event}))

    async def _tell(self, text: str) -> None:
        if self._is_connected:
            await self._tell_socket(text)


def _revoked() -> kiosk_protocol.FrameError:
    return kiosk_protocol.FrameError(
        "invalid_token", "found this kiosk's token revoked, expected a valid one: provision the kiosk again"
    )
