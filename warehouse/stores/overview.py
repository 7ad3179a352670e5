"""What a signed-in person reads over the API: gyms, members, sessions, alerts, in pages; and an alert's next step.

SQL is in `queries/overview.sql`. Row security decides which rows there are; the caller's transaction carries
the person (`as_user_async`). Rows are dicts named as the API names its fields.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal
from uuid import UUID

from psycopg import AsyncConnection

from warehouse.sql import queries

Connection = AsyncConnection[dict[str, Any]]
Listing = Literal["gyms", "members", "sessions", "turns", "alerts"]

# An alert as it is asked for by itself.
_UNFILTERED = dict.fromkeys(("gym_id", "status", "priority", "alert_type", "after_at", "after_id"))


async def rows_of(connection: Connection, listing: Listing, parameters: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    """The rows of one page."""
    cursor = await connection.execute(queries("overview")[listing], parameters)
    return await cursor.fetchall()


async def member(connection: Connection, member_id: UUID) -> dict[str, Any] | None:
    """One member; None where the person sees none of this id."""
    cursor = await connection.execute(queries("overview")["member"], {"id": member_id})
    return await cursor.fetchone()


async def session(connection: Connection, session_id: UUID) -> dict[str, Any] | None:
    """One session; None where the person sees none of this id."""
    cursor = await connection.execute(queries("overview")["session"], {"id": session_id})
    return await cursor.fetchone()


async def note_unmasking(connection: Connection, session_id: UUID) -> bool:
    """True when the audit trail has it that the person reads this session as it was said; False where they see none."""
    cursor = await connection.execute(queries("overview")["note_unmasking"], {"id": session_id})
    row = await cursor.fetchone()
    return row is not None and row["is_noted"]


async def note_alert_unmasking(connection: Connection, alert_id: UUID) -> bool:
    """True when the audit trail has it that the person reads this alert as it was said; False where they see none."""
    cursor = await connection.execute(queries("overview")["note_alert_unmasking"], {"id": alert_id})
    row = await cursor.fetchone()
    return row is not None and row["is_noted"]


async def known_of_speaker(connection: Connection, session_id: UUID) -> list[str]:
    """What is known of the member who spoke: names, e-mail address, phone number; empty where nobody is."""
    cursor = await connection.execute(queries("overview")["speaker"], {"id": session_id})
    row = await cursor.fetchone()
    return [value for value in (row or {}).values() if value]


async def alert(connection: Connection, alert_id: UUID) -> dict[str, Any] | None:
    """One alert; None where the person sees none of this id."""
    cursor = await connection.execute(queries("overview")["alerts"], {**_UNFILTERED, "alert_id": alert_id, "asked": 1})
    return await cursor.fetchone()


async def move_alert(
    connection: Connection,
    alert_id: UUID,
    *,
    user_id: UUID,
    seen_status: str,
    status: str,
    outcome_code: str | None,
    notes: str | None,
) -> bool:
    """True when the alert took the step; False when it is not (any more) as it was seen.

    Raises:
        psycopg.errors.CheckViolation: when no alert may take this step.
    """
    cursor = await connection.execute(
        queries("overview")["move_alert"],
        {
            "alert_id": alert_id,
            "user_id": user_id,
            "seen_status": seen_status,
            "status": status,
            "outcome_code": outcome_code,
            "notes": notes,
        },
    )
    return await cursor.fetchone() is not None
