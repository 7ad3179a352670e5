"""Badges that a kiosk's agent read: each counts once, and waits a few seconds for the kiosk's page to ask for it.

`voice_gateway/routes/badges.py` takes them from agents, `voice_gateway/devices.py` claims them for pages and has those
forgotten that no page claimed.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg import AsyncConnection

from jarvis.kiosks import BadgeOutcome, Kiosk
from warehouse.connection import as_kiosk_async
from warehouse.sql import queries

# A page that asks later shows somebody's name to somebody else.
VALID_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Scan:
    """A badge and when it was shown."""

    badge_id: str
    scanned_at: datetime


@dataclass(frozen=True, slots=True)
class TakenScan:
    """What became of a scan."""

    outcome: BadgeOutcome
    is_new: bool
    """False when the same scan came before."""


async def take_scan(connection: AsyncConnection, kiosk: Kiosk, scan: Scan, *, is_live: bool) -> TakenScan:
    """The scan is on record and counts a member's visit at its own time, all of it once.

    Args:
        is_live: the person is still there, so the kiosk's page is to have it.
    """
    blocks = queries("kiosk_badges")
    ids = {"gym_id": kiosk.gym_id, "kiosk_id": kiosk.kiosk_id, "scanned_at": scan.scanned_at}
    async with as_kiosk_async(connection, kiosk.kiosk_id):
        cursor = await connection.execute(blocks["take_badge"], {**ids, "badge_id": scan.badge_id if is_live else None})
        is_new = await cursor.fetchone() is not None
        cursor = await connection.execute(queries("kiosks")["identify_badge"], {"badge_id": scan.badge_id})
        row = await cursor.fetchone()
        outcome = BadgeOutcome(row[0]) if row else BadgeOutcome.UNKNOWN
        if row and outcome is BadgeOutcome.KNOWN:
            visit = {**ids, "member_id": row[1]}
            await connection.execute(blocks["count_visit"], visit)
            await connection.execute(blocks["touch_last_visit"], visit)
    return TakenScan(outcome, is_new)


async def claim_scans(connection: AsyncConnection, kiosk_id: UUID) -> list[Scan]:
    """The scans that wait for this kiosk's page, oldest first; nobody else gets them."""
    async with as_kiosk_async(connection, kiosk_id):
        cursor = await connection.execute(
            queries("kiosk_badges")["claim_badges"], {"kiosk_id": kiosk_id, "valid_seconds": VALID_SECONDS}
        )
        return [Scan(row[0], row[1]) for row in await cursor.fetchall()]


async def forget_scans(connection: AsyncConnection) -> None:
    """No badge of any kiosk stands here that waited for its page too long, and no scan of the day before."""
    await connection.execute(queries("kiosk_badges")["forget_badges"], {"valid_seconds": VALID_SECONDS})
