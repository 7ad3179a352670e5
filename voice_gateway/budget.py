"""Asks, at each session's opening and close, how the gym's monthly budget lets its next session speak.

Whoever finds a threshold crossed tells the manager; the database lets one of several gateways do so, once a month.
Where the database does not answer, a member is served as if there were no budget: the session's own cap still holds.
"""

import logging
from datetime import datetime
from uuid import UUID

import psycopg
from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from jarvis.budgets import VoiceMode, VoiceModels
from warehouse.stores.budgets import standing_at, tell_manager

log = logging.getLogger(__name__)

_PATIENCE_SECONDS = 1.0


async def voice_mode(
    pool: "AsyncConnectionPool[AsyncConnection]", models: VoiceModels, kiosk_id: UUID, moment: datetime
) -> VoiceMode:
    """How the kiosk's next session is held; its manager knows of a threshold that is crossed."""
    try:
        async with pool.connection(timeout=_PATIENCE_SECONDS) as connection:
            standing = await standing_at(connection, kiosk_id=kiosk_id, moment=moment)
            if standing is None:
                return VoiceMode.FULL
            if await tell_manager(connection, standing, kiosk_id=kiosk_id, moment=moment, models=models):
                log.warning("a voice budget's threshold is crossed", extra={"kiosk_id": str(kiosk_id)})
            return standing.mode
    except (psycopg.Error, PoolTimeout, OSError) as error:
        log.warning("voice budget not known", extra={"kiosk_id": str(kiosk_id), "error": type(error).__name__})
        return VoiceMode.FULL
