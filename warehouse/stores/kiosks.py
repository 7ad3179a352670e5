"""Kiosks, their credentials, heartbeats and badges, as the gateway and the command line read and write them.

Only hashes of codes and tokens reach the database. `jarvis/kiosks.py` makes them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection, Connection
from psycopg.types.json import Jsonb

from jarvis.consents import Choice
from jarvis.kiosks import CODE_VALID_MINUTES, Badge, BadgeOutcome, Kiosk, Member
from warehouse.connection import as_kiosk_async
from warehouse.sql import queries


class GymNotFound(LookupError):
    """No gym has this slug; the message names those there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heartbeat:
    """One sign of life of a kiosk; None means not told."""

    software_version: str | None = None
    microphone_ok: bool | None = None
    reader_ok: bool | None = None
    network_ms: int | None = None
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GymDesk:
    """What a gym tells its members."""

    name: str
    opening_hours: Mapping[str, Any]
    """mon…sun to [opens, closes] as HH:MM, in `timezone`."""
    timezone: str
    status: str


def store_code(connection: Connection, *, gym_slug: str, slug: str, name: str, code_hash: bytes) -> UUID:
    """The kiosk exists and this code, alone, provisions it for ten minutes; the kiosk's id.

    Raises:
        GymNotFound: when no gym has this slug.
    """
    blocks = queries("kiosks")
    with connection.transaction():
        row = connection.execute(blocks["create_kiosk"], {"gym_slug": gym_slug, "slug": slug, "name": name}).fetchone()
        if row is None:
            known = ", ".join(gym_slugs(connection)) or "there is none yet"
            raise GymNotFound(f"found no gym '{gym_slug}', expected one of: {known}")
        kiosk_id, gym_id = row[0], row[1]
        connection.execute(blocks["revoke_unused_codes"], {"kiosk_id": kiosk_id})
        connection.execute(
            blocks["store_code"],
            {
                "gym_id": gym_id,
                "kiosk_id": kiosk_id,
                "secret_hash": code_hash,
                "valid_minutes": CODE_VALID_MINUTES,
            },
        )
    return UUID(str(kiosk_id))


def gym_slugs(connection: Connection, *, limit: int = 20) -> list[str]:
    """Slugs of the first gyms, oldest first."""
    rows = connection.execute(queries("kiosks")["list_gym_slugs"], {"limit": limit}).fetchall()
    return [row[0] for row in rows]


async def claim_kiosk(
    connection: AsyncConnection,
    *,
    code_hash: bytes,
    token_hash: bytes,
    device_id: str,
    ip: str,
    hardware_info: Mapping[str, Any],
) -> Kiosk | None:
    """The code is spent and the token opens this kiosk's door; None when the code does not."""
    cursor = await connection.execute(
        queries("kiosks")["claim_kiosk"],
        {
            "code_hash": code_hash,
            "token_hash": token_hash,
            "device_id": device_id,
            "ip": ip,
            "hardware_info": Jsonb(hardware_info),
        },
    )
    row = await cursor.fetchone()
    return Kiosk(row[0], row[1], row[2], row[3]) if row else None


async def kiosk_of_token(connection: AsyncConnection, *, token_hash: bytes) -> Kiosk | None:
    """The kiosk that holds this token; None when it is unknown, revoked or past its end."""
    cursor = await connection.execute(queries("kiosks")["kiosk_of_token"], {"token_hash": token_hash})
    row = await cursor.fetchone()
    return Kiosk(*row) if row else None


async def record_heartbeat(connection: AsyncConnection, kiosk: Kiosk, *, heartbeat: Heartbeat, ip: str) -> None:
    """The sign of life is kept and the kiosk shows as online."""
    blocks = queries("kiosks")
    async with as_kiosk_async(connection, kiosk.kiosk_id):
        await connection.execute(
            blocks["insert_heartbeat"],
            {
                "gym_id": kiosk.gym_id,
                "kiosk_id": kiosk.kiosk_id,
                "software_version": heartbeat.software_version,
                "microphone_ok": heartbeat.microphone_ok,
                "reader_ok": heartbeat.reader_ok,
                "network_ms": heartbeat.network_ms,
                "details": Jsonb(heartbeat.details),
            },
        )
        await connection.execute(
            blocks["mark_alive"],
            {"kiosk_id": kiosk.kiosk_id, "ip": ip, "software_version": heartbeat.software_version},
        )


async def identify_badge(connection: AsyncConnection, *, kiosk_id: UUID, badge_id: str) -> Badge:
    """What the badge is at this kiosk; the member comes with a badge of this gym only."""
    async with as_kiosk_async(connection, kiosk_id):
        cursor = await connection.execute(queries("kiosks")["identify_badge"], {"badge_id": badge_id})
        row = await cursor.fetchone()
    if row is None:
        return Badge(BadgeOutcome.UNKNOWN)
    outcome, member_id, first_name, language, style, is_granted, notice_version = row
    choice = Choice(is_granted, notice_version) if notice_version else None
    member = Member(member_id, first_name, language, style, choice) if member_id else None
    return Badge(BadgeOutcome(outcome), member)


async def gym_of_kiosk(connection: AsyncConnection, *, kiosk_id: UUID) -> GymDesk | None:
    """The kiosk's gym as it presents itself; None when the kiosk is gone."""
    async with as_kiosk_async(connection, kiosk_id):
        cursor = await connection.execute(queries("kiosks")["gym_of_kiosk"], {"kiosk_id": kiosk_id})
        row = await cursor.fetchone()
    return GymDesk(*row) if row else None
