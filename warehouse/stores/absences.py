"""Absences: what a member declares at the kiosk, where the session says whose it is.

SQL is in `queries/absences.sql`; what the desk writes is `stores/desk.py`'s.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import class_row

from jarvis.absences import AbsenceReason
from warehouse.connection import as_kiosk_async
from warehouse.sql import queries

Outcome = Literal["declared", "withdrawn", "nothing_to_withdraw", "past", "too_far", "too_long", "no_member"]


@dataclass(frozen=True, slots=True)
class Declared:
    """What became of a declaration."""

    outcome: Outcome
    starts_on: date | None
    ends_on: date | None
    """The last day away; None while the end is open."""


async def declare(
    connection: AsyncConnection,
    *,
    kiosk_id: UUID,
    session_id: UUID,
    starts_on: date | None,
    ends_on: date | None,
    length_days: int | None,
    reason: AbsenceReason,
    is_withdrawn: bool,
) -> Declared:
    """The member of the session is away on these days, or no longer; nothing is written where they cannot be.

    Args:
        starts_on: None for today, in the gym's own time.
        ends_on: the last day; None where `length_days` says it, or where nobody knows.
        is_withdrawn: what was declared from today on is taken back, and nothing else is read.
    """
    async with as_kiosk_async(connection, kiosk_id), connection.cursor(row_factory=class_row(Declared)) as cursor:
        await cursor.execute(
            queries("absences")["declare"],
            {
                "session_id": session_id,
                "starts_on": starts_on,
                "ends_on": ends_on,
                "length_days": length_days,
                "reason": reason,
                "is_withdrawn": is_withdrawn,
            },
        )
        row = await cursor.fetchone()
    return row or Declared("no_member", None, None)
