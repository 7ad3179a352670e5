"""What a kiosk asks over the API: client secrets, its own sessions, their turns, and how far a tool call has come.

SQL is in `queries/voice.sql`. Rows are dicts named as the API names its fields; a kiosk sees its own sessions only.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import dict_row

from warehouse.connection import as_kiosk_async
from warehouse.sql import queries

# What members said is given to their kiosk while they stand there: afterwards it is the gym's.
READABLE_SECONDS = 600


async def issue_client_secret(
    connection: AsyncConnection, *, token_hash: bytes, secret_hash: bytes, valid_seconds: int
) -> datetime | None:
    """When the new secret ends; None where the token opens no door."""
    cursor = await connection.execute(
        queries("voice")["issue_client_secret"],
        {"token_hash": token_hash, "secret_hash": secret_hash, "valid_seconds": valid_seconds},
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def token_behind_client_secret(connection: AsyncConnection, *, secret_hash: bytes) -> bytes | None:
    """The hash of the device token that the secret stands for; None once it has lapsed."""
    cursor = await connection.execute(queries("voice")["token_behind_client_secret"], {"secret_hash": secret_hash})
    row = await cursor.fetchone()
    return bytes(row[0]) if row and row[0] is not None else None


async def sessions(
    connection: AsyncConnection,
    kiosk_id: UUID,
    *,
    asked: int,
    state: str | None = None,
    after: tuple[str | None, str | None] = (None, None),
) -> Sequence[dict[str, Any]]:
    """The kiosk's sessions, the latest first, from the one after a place."""
    parameters = {"id": None, "state": state, "after_at": after[0], "after_id": after[1], "asked": asked}
    return await _rows(connection, kiosk_id, "sessions", parameters)


async def session(connection: AsyncConnection, kiosk_id: UUID, session_id: UUID) -> dict[str, Any] | None:
    """One session of the kiosk; None where it has none of this id."""
    parameters = {"id": session_id, "state": None, "after_at": None, "after_id": None, "asked": 1}
    rows = await _rows(connection, kiosk_id, "sessions", parameters)
    return rows[0] if rows else None


async def turns(
    connection: AsyncConnection,
    kiosk_id: UUID,
    session_id: UUID,
    *,
    asked: int,
    after: tuple[str | None, str | None] = (None, None),
) -> Sequence[dict[str, Any]]:
    """What was said, in its order, as long as the kiosk may read it."""
    parameters = {
        "id": session_id, "after_position": after[0], "after_id": after[1], "asked": asked,
        "readable_seconds": READABLE_SECONDS,
    }  # fmt: skip
    return await _rows(connection, kiosk_id, "turns", parameters)


async def tool_call(
    connection: AsyncConnection, kiosk_id: UUID, session_id: UUID, call_id: str
) -> dict[str, Any] | None:
    """The session's state and the call so far; None where the kiosk has no such session."""
    rows = await _rows(connection, kiosk_id, "tool_call", {"id": session_id, "call_id": call_id})
    return rows[0] if rows else None


async def _rows(
    connection: AsyncConnection, kiosk_id: UUID, block: str, parameters: dict[str, Any]
) -> Sequence[dict[str, Any]]:
    async with as_kiosk_async(connection, kiosk_id), connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(queries("voice")[block], {**parameters, "kiosk_id": kiosk_id})
        return await cursor.fetchall()
