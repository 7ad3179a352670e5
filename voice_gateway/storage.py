"""Asks, at each session's opening, what the kiosk's gym keeps of what is said: the notice tells it."""

import logging
from uuid import UUID

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from jarvis.storage import StorageLevel
from warehouse.stores.kiosks import storage_level_of_kiosk

log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 1.0


async def storage_level(pool: "AsyncConnectionPool[AsyncConnection]", kiosk_id: UUID) -> StorageLevel:
    """What the gym keeps; everything where the database does not answer: a notice is true at most, never at least."""
    try:
        async with pool.connection(timeout=_PATIENCE_SECONDS) as connection:
            return await storage_level_of_kiosk(connection, kiosk_id=kiosk_id)
    except (psycopg.Error, PoolTimeout, OSError) as error:
        log.warning("storage level not known", extra={"kiosk_id": str(kiosk_id), "error": type(error).__name__})
        return StorageLevel.ALL
