"""What the assistant may tell the badged member of themselves: profile, goals and the visits that count for them.

SQL is in `queries/goals.sql`. Whose it is comes from the session; there is no way to ask for somebody else.
"""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import class_row

from warehouse.connection import as_kiosk_async
from warehouse.sql import queries


@dataclass(frozen=True, slots=True)
class MemberProfile:
    """What may be said aloud to a member: no weight, no height."""

    first_name: str | None
    member_since: date | None
    plan: str | None
    """None without a running membership."""
    expires_on: date | None
    fitness_level: str | None
    """beginner, intermediate or advanced."""
    primary_goals: list[str] | None
    workout_frequency_per_week: int | None
    this_month: int
    """Visits since the first of the month, in the gym's time zone."""
    total: int
    """Visits ever."""


@dataclass(frozen=True, slots=True)
class GoalProgress:
    """One active goal with the visits that count for it; a line without kind for a member without goal."""

    kind: str | None
    """weekly_visits, total_visits or other; None where there is no goal."""
    target_count: int | None
    description: str | None
    due_on: date | None
    started_on: date | None
    this_week: int
    """Visits since Monday."""
    last_four_weeks: int
    since_start: int
    """Visits since the goal was set."""


async def refuses_personalisation(connection: AsyncConnection, *, kiosk_id: UUID, session_id: UUID) -> bool:
    """True when the session's member has said no to answers that use what is kept of them."""
    async with as_kiosk_async(connection, kiosk_id):
        cursor = await connection.execute(queries("goals")["refuses_personalisation"], {"session_id": session_id})
        row = await cursor.fetchone()
    return bool(row and row[0])


async def member_profile(connection: AsyncConnection, *, kiosk_id: UUID, session_id: UUID) -> MemberProfile | None:
    """The session's member; None where nobody is known."""
    async with (
        as_kiosk_async(connection, kiosk_id),
        connection.cursor(row_factory=class_row(MemberProfile)) as cursor,
    ):
        await cursor.execute(queries("goals")["member_profile"], {"session_id": session_id})
        return await cursor.fetchone()


async def set_goal(
    connection: AsyncConnection,
    *,
    kiosk_id: UUID,
    session_id: UUID,
    kind: str,
    target_count: int | None,
    description: str,
    due_on: date | None,
) -> bool:
    """The goal stands in place of the one of its kind; False where nobody is known."""
    async with as_kiosk_async(connection, kiosk_id):
        cursor = await connection.execute(
            queries("goals")["set_goal"],
            {
                "session_id": session_id,
                "kind": kind,
                "target_count": target_count,
                "description": description,
                "due_on": due_on,
            },
        )
        row = await cursor.fetchone()
    return row is not None and row[0] is not None


async def progress(connection: AsyncConnection, *, kiosk_id: UUID, session_id: UUID) -> list[GoalProgress]:
    """The active goals of the session's member, one line without kind where there is none; empty for a stranger."""
    async with (
        as_kiosk_async(connection, kiosk_id),
        connection.cursor(row_factory=class_row(GoalProgress)) as cursor,
    ):
        await cursor.execute(queries("goals")["progress"], {"session_id": session_id})
        return await cursor.fetchall()
