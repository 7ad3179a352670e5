"""Kiosks, their credentials, heartbeats and badges, as the gateway and the command line read and write them.

Only hashes of codes and tokens reach the database. `jarvis/kiosks.py` makes them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection, Connection
from psycopg.types.json import Jsonb

from jarvis.consents import Choice
from jarvis.kiosks import (
    CODE_VALID_MINUTES,
    ROTATION_GRACE_SECONDS,
    Badge,
    BadgeOutcome,
    Guest,
    Holder,
    Kiosk,
    Member,
    StoredCode,
)
from jarvis.storage import StorageLevel
from warehouse.connection import as_kiosk_async
from warehouse.sql import queries
from warehouse.stores import gyms


class KioskNotFound(LookupError):
    """The gym has no kiosk of this slug; the message names those it has."""


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
    closed_days: Sequence[date] = ()
    """Of the coming week, by the gym's closures."""


def store_code(
    connection: Connection, *, gym_slug: str, slug: str, name: str, code: StoredCode, holder: Holder
) -> UUID:
    """The kiosk exists and this code, alone, provisions its holder for ten minutes; the kiosk's id.

    Raises:
        GymNotFound: when no gym has this slug.
    """
    blocks = queries("kiosks")
    with connection.transaction():
        row = connection.execute(blocks["create_kiosk"], {"gym_slug": gym_slug, "slug": slug, "name": name}).fetchone()
        if row is None:
            raise gyms.not_found(connection, gym_slug)
        kiosk_id, gym_id = row[0], row[1]
        connection.execute(blocks["revoke_unused_codes"], {"kiosk_id": kiosk_id, "holder": holder.value})
        connection.execute(
            blocks["store_code"],
            {
                "gym_id": gym_id,
                "kiosk_id": kiosk_id,
                "holder": holder.value,
                "lookup": code.lookup,
                "secret_hash": code.hash,
                "valid_minutes": CODE_VALID_MINUTES,
            },
        )
    return UUID(str(kiosk_id))


async def claim_kiosk(
    connection: AsyncConnection,
    *,
    code: StoredCode,
    token_hash: bytes,
    device_id: str,
    ip: str,
    hardware_info: Mapping[str, Any],
) -> Kiosk | None:
    """The code is spent and the token opens this kiosk's door; None when the code does not."""
    cursor = await connection.execute(
        queries("kiosks")["claim_kiosk"],
        {
            "code_lookup": code.lookup,
            "code_hash": code.hash,
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


async def rotate_token(connection: AsyncConnection, *, old_hash: bytes, new_hash: bytes) -> bool:
    """The new token opens the kiosk's door, alone from its first use on; False when the old one does not."""
    cursor = await connection.execute(
        queries("kiosks")["rotate_token"],
        {"old_hash": old_hash, "new_hash": new_hash, "valid_seconds": ROTATION_GRACE_SECONDS},
    )
    row = await cursor.fetchone()
    return bool(row and row[0])


async def standing_tokens(connection: AsyncConnection, token_hashes: Collection[bytes]) -> set[bytes]:
    """Those of the tokens that nobody has revoked."""
    cursor = await connection.execute(queries("kiosks")["standing_tokens"], {"token_hashes": list(token_hashes)})
    return {bytes(row[0]) for row in await cursor.fetchall()}


async def served_kiosks(connection: AsyncConnection, kiosk_ids: Collection[UUID]) -> set[UUID]:
    """Those of the kiosks whose gym, and its franchise, nobody has suspended."""
    cursor = await connection.execute(queries("kiosks")["served_kiosks"], {"kiosk_ids": list(kiosk_ids)})
    return {row[0] for row in await cursor.fetchall()}


async def listen(connection: AsyncConnection) -> None:
    """The connection hears of what happens to kiosks: payloads are JSON with ids only."""
    await connection.execute(queries("kiosks")["listen"])


def find_kiosk(connection: Connection, *, gym_slug: str, slug: str) -> tuple[UUID, UUID]:
    """Ids of the kiosk and of its gym.

    Raises:
        KioskNotFound: when there is none, naming the gym's kiosks.
        GymNotFound: when there is no such gym.
    """
    blocks = queries("kiosks")
    row = connection.execute(blocks["find_kiosk"], {"gym_slug": gym_slug, "slug": slug}).fetchone()
    if row is None:
        gyms.gym_id_of(connection, gym_slug)
        known = [found[0] for found in connection.execute(blocks["list_kiosk_slugs"], {"gym_slug": gym_slug})]
        raise KioskNotFound(
            f"found no kiosk '{slug}' in the gym '{gym_slug}', expected one of: {', '.join(known) or 'there is none'}"
        )
    return row[0], row[1]


def revoke_kiosk(connection: Connection, *, gym_slug: str, slug: str) -> int:
    """No code or token of the kiosk opens anything any more; how many tokens were ended.

    Raises:
        KioskNotFound: when there is no such kiosk.
    """
    blocks = queries("kiosks")
    with connection.transaction():
        kiosk_id, gym_id = find_kiosk(connection, gym_slug=gym_slug, slug=slug)
        ended = connection.execute(blocks["revoke_credentials"], {"kiosk_id": kiosk_id}).fetchall()
        count: int = sum(row[0] == "token" for row in ended)
        connection.execute(blocks["await_provisioning"], {"kiosk_id": kiosk_id})
        connection.execute(
            blocks["note_revocation"], {"kiosk_id": str(kiosk_id), "gym_id": gym_id, "token_count": count}
        )
    return count


async def record_heartbeat(connection: AsyncConnection, kiosk: Kiosk, *, heartbeat: Heartbeat, ip: str) -> str:
    """The sign of life is kept; how the kiosk shows now: online, error, or maintenance as long as that is set."""
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
        cursor = await connection.execute(
            blocks["mark_alive"],
            {"kiosk_id": kiosk.kiosk_id, "ip": ip, "software_version": heartbeat.software_version},
        )
        row = await cursor.fetchone()
    return str(row[0]) if row else "offline"


async def identify_badge(connection: AsyncConnection, *, kiosk_id: UUID, badge_id: str) -> Badge:
    """What the badge is at this kiosk; the member comes with a badge of this gym only, a guest with a sister gym's."""
    async with as_kiosk_async(connection, kiosk_id):
        cursor = await connection.execute(queries("kiosks")["identify_badge"], {"badge_id": badge_id})
        row = await cursor.fetchone()
    if row is None:
        return Badge(BadgeOutcome.UNKNOWN)
    outcome, member_id, first_name, language, style, is_granted, notice_version, guest_name, guest_language = row
    choice = Choice(is_granted, notice_version) if notice_version else None
    member = Member(member_id, first_name, language, style, choice) if member_id else None
    guest = Guest(guest_name, guest_language) if guest_language else None
    return Badge(BadgeOutcome(outcome), member, guest)


async def storage_level_of_kiosk(connection: AsyncConnection, *, kiosk_id: UUID) -> StorageLevel:
    """What the kiosk's gym keeps of what is said; everything where the kiosk is gone."""
    async with as_kiosk_async(connection, kiosk_id):
        cursor = await connection.execute(queries("kiosks")["storage_level_of_kiosk"], {"kiosk_id": kiosk_id})
        row = await cursor.fetchone()
    return StorageLevel(row[0]) if row else StorageLevel.ALL


async def gym_of_kiosk(connection: AsyncConnection, *, kiosk_id: UUID) -> GymDesk | None:
    """The kiosk's gym as it presents itself; None when the kiosk is gone."""
    async with as_kiosk_async(connection, kiosk_id):
        cursor = await connection.execute(queries("kiosks")["gym_of_kiosk"], {"kiosk_id": kiosk_id})
        row = await cursor.fetchone()
    return GymDesk(*row) if row else None
