"""What open connections must hear of their kiosks: their tokens were revoked, their gym was suspended, their
configuration changed, and the agent beside the page read a badge.

Postgres notifies every gateway process, with ids only; what is true is then read under the kiosk's own
rights. Notifications may get lost with their connection, so all open connections are looked at again every
`sweep_seconds`, and whenever listening begins anew. Nothing here costs a query per frame. While Postgres is
away nothing can be revoked or suspended either: open connections go on. `connection.py` is one of them.
"""

import asyncio
import logging
from collections.abc import Collection
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

import orjson
import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from jarvis.kiosk_config import KioskConfig, config_of
from warehouse.stores.kiosk_badges import claim_scans, forget_scans
from warehouse.stores.kiosk_settings import settings_of
from warehouse.stores.kiosks import listen, served_kiosks, standing_tokens

log = logging.getLogger(__name__)

DATABASE_AWAY = (psycopg.Error, PoolTimeout, OSError, TimeoutError)

SWEEP_SECONDS = 15.0
# A badge that no page asked for stands in the database for as long at most, and the ten seconds it is good for.
FORGET_SECONDS = 5.0
_RETRY_SECONDS = (0.1, 0.5, 1.0, 2.0, 5.0)
_CONNECT_SECONDS = 3
# One question for as many connections: a sweep of ten thousand kiosks is ten of them.
_ASKED_TOGETHER = 1000


class Guest(Protocol):
    """An open connection of a kiosk."""

    @property
    def kiosk_id(self) -> UUID:
        """Which kiosk it is."""

    @property
    def token_hash(self) -> bytes:
        """Hash of the token it came in with."""

    @property
    def gym_id(self) -> UUID:
        """Whose kiosk it is."""

    def configure(self, config: KioskConfig, version: int) -> None:
        """This is how the kiosk is to behave; called again with what it already knows."""

    @property
    def shows_badges(self) -> bool:
        """True for a page, which opens a session for a badge."""

    def badge_read(self, badge_id: str, scanned_at: datetime) -> None:
        """The kiosk's agent read this badge just now."""

    def cut_off(self) -> None:
        """Nothing that it sends counts any more, from this call on; it is told and closed soon."""

    def suspend(self) -> None:
        """Its gym is not served any more: who is speaking is heard out, then it is closed; called again while so."""


class Devices:
    """The open connections of one gateway process."""

    def __init__(
        self,
        pool: "AsyncConnectionPool[AsyncConnection]",
        database_url: str,
        *,
        sweep_seconds: float = SWEEP_SECONDS,
    ) -> None:
        self._pool = pool
        self._url = database_url
        self._sweep_seconds = sweep_seconds
        self._guests: dict[UUID, dict[Guest, None]] = {}
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    async def start(self) -> None:
        """News of kiosks is listened for and old badges are forgotten, as soon as Postgres answers."""
        self._tasks = (
            asyncio.create_task(self._listen_forever(), name="devices"),
            asyncio.create_task(self._forget_forever(), name="badges"),
        )

    async def stop(self) -> None:
        """Nothing is listened for any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def enter(self, guest: Guest) -> None:
        """The connection hears of its kiosk until it leaves, and of what happened while it was let in."""
        self._guests.setdefault(guest.kiosk_id, {})[guest] = None
        await self._look_after([guest])

    def leave(self, guest: Guest) -> None:
        """The connection is gone."""
        here = self._guests.get(guest.kiosk_id)
        if here is not None:
            here.pop(guest, None)
            if not here:
                del self._guests[guest.kiosk_id]

    async def hear(self, payload: str) -> None:
        """A notification has been dealt with; one that is none of ours is nobody's."""
        news = _read(payload)
        kiosk_id = _uuid_in(news, "kiosk_id")
        if news.get("kind") == "badge" and kiosk_id is not None:
            await self._bring_badges(kiosk_id)
            return
        if news.get("kind") not in ("revoked", "settings", "service"):
            return
        if kiosk_id is not None:
            await self._look_after(self._guests.get(kiosk_id, ()))
        elif (gym_id := _uuid_in(news, "gym_id")) is not None:
            await self._look_after([guest for guest in self._all() if guest.gym_id == gym_id])
        else:
            # A whole franchise, which is rare.
            await self.sweep()

    async def sweep(self) -> None:
        """Every open connection has been looked at, whatever was notified."""
        guests = self._all()
        for start in range(0, len(guests), _ASKED_TOGETHER):
            await self._look_after(guests[start : start + _ASKED_TOGETHER])

    async def _bring_badges(self, kiosk_id: UUID) -> None:
        """What the kiosk's agent read goes to the page that connected last; another process may have been quicker."""
        pages = [guest for guest in self._guests.get(kiosk_id, ()) if guest.shows_badges]
        if not pages:
            return
        try:
            async with self._pool.connection() as connection:
                scans = await claim_scans(connection, kiosk_id)
        except DATABASE_AWAY as error:
            log.warning("badges not brought", extra={"kiosk_id": str(kiosk_id), "error": type(error).__name__})
            return
        for scan in scans:
            pages[-1].badge_read(scan.badge_id, scan.scanned_at)

    def _all(self) -> list[Guest]:
        return [guest for here in self._guests.values() for guest in here]

    async def _look_after(self, guests: Collection[Guest]) -> None:
        guests = list(guests)
        if not guests:
            return
        try:
            async with self._pool.connection() as connection:
                standing = await standing_tokens(connection, {guest.token_hash for guest in guests})
                kiosk_ids = {guest.kiosk_id for guest in guests}
                served = await served_kiosks(connection, kiosk_ids)
                settings = await settings_of(connection, kiosk_ids)
        except DATABASE_AWAY as error:
            # The next sweep asks again.
            log.warning("kiosks not looked after", extra={"error": type(error).__name__, "count": len(guests)})
            return
        for guest in guests:
            if guest.token_hash not in standing:
                log.info("kiosk cut off", extra={"kiosk_id": str(guest.kiosk_id)})
                guest.cut_off()
            elif guest.kiosk_id not in served:
                log.info("kiosk of a suspended gym", extra={"kiosk_id": str(guest.kiosk_id)})
                guest.suspend()
            elif (known := settings.get(guest.kiosk_id)) is not None:
                guest.configure(config_of(known.settings), known.version)

    async def _forget_forever(self) -> None:
        """Every few seconds, whoever took the badges: their gateway may be gone, and their kiosk without a page."""
        while True:
            try:
                async with self._pool.connection() as connection:
                    await forget_scans(connection)
            except DATABASE_AWAY as error:
                log.warning("badges not forgotten yet", extra={"error": type(error).__name__})
            await asyncio.sleep(FORGET_SECONDS)

    async def _listen_forever(self) -> None:
        attempt = 0
        while True:
            try:
                connection = await AsyncConnection.connect(
                    self._url,
                    autocommit=True,
                    application_name="jarvis-gateway-devices",
                    connect_timeout=_CONNECT_SECONDS,
                )
            except DATABASE_AWAY:
                await asyncio.sleep(_RETRY_SECONDS[min(attempt, len(_RETRY_SECONDS) - 1)])
                attempt += 1
                continue
            try:
                async with connection:
                    await listen(connection)
                    attempt = 0
                    await self._hear_until_lost(connection)
            except DATABASE_AWAY as error:
                log.warning("kiosks' news interrupted", extra={"error": type(error).__name__})
                await asyncio.sleep(_RETRY_SECONDS[0])
            except Exception as error:
                # A fault of ours: whoever does not listen lets revoked kiosks in, so listening goes on.
                log.error("kiosks' news failed", extra={"error": type(error).__name__})
                await asyncio.sleep(_RETRY_SECONDS[-1])

    async def _hear_until_lost(self, connection: AsyncConnection) -> None:
        is_new = True
        while True:
            # First of all what was said while nobody listened.
            await self.sweep()
            for kiosk_id in list(self._guests) if is_new else ():
                await self._bring_badges(kiosk_id)
            is_new = False
            async for notification in connection.notifies(timeout=self._sweep_seconds):
                await self.hear(notification.payload)
            # A connection whose other end vanished says nothing by itself.
            async with asyncio.timeout(_CONNECT_SECONDS):
                await connection.execute("select 1")


def _read(payload: str) -> dict[str, Any]:
    """Any role may notify: what is no object of ours says nothing."""
    try:
        news = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return {}
    return news if isinstance(news, dict) else {}


def _uuid_in(news: dict[str, Any], key: str) -> UUID | None:
    try:
        return UUID(str(news.get(key)))
    except ValueError:
        return None
