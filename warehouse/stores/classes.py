"""The timetable as the assistant sees it: coming classes with their places, and bookings of the badged member.

SQL is in `queries/classes.sql`. Who books is decided by the database from the session, never by an argument.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import class_row

from warehouse.connection import as_kiosk_async
from warehouse.sql import queries

# How far ahead members see and book.
DAYS_AHEAD = 7


@dataclass(frozen=True, slots=True)
class UpcomingClass:
    """One class on one day."""

    class_id: UUID
    name: str
    class_date: date
    starts_at: time
    """In the gym's own time zone."""
    duration_minutes: int
    coach_name: str | None
    room: str | None
    capacity: int
    booked_count: int
    waiting_count: int
    own_booking_id: UUID | None
    """Of the session's member; None without badge too."""
    own_status: str | None
    """booked or waiting."""
    today: date
    """In the gym's own time zone."""

    @property
    def free_places(self) -> int:
        """Places nobody has."""
        return max(0, self.capacity - self.booked_count)

    @property
    def begins(self) -> datetime:
        """Wall clock of the gym, without a zone: for comparing classes of one gym."""
        return datetime.combine(self.class_date, self.starts_at)


@dataclass(frozen=True, slots=True)
class BookingOutcome:
    """What came of asking for a place."""

    outcome: str
    """booked, waiting, full, already, overlaps, started, unknown_class or no_member."""
    waiting_position: int | None = None
    """1 for whoever is next; None unless waiting."""


async def upcoming_classes(connection: AsyncConnection, *, kiosk_id: UUID, session_id: UUID) -> list[UpcomingClass]:
    """Classes of the kiosk's gym from now to seven days ahead, in order of time."""
    async with (
        as_kiosk_async(connection, kiosk_id),
        connection.cursor(row_factory=class_row(UpcomingClass)) as cursor,
    ):
        await cursor.execute(
            queries("classes")["upcoming_classes"],
            {"kiosk_id": kiosk_id, "session_id": session_id, "days": DAYS_AHEAD},
        )
        return await cursor.fetchall()


async def book_class(
    connection: AsyncConnection, *, kiosk_id: UUID, session_id: UUID, class_id: UUID, class_date: date
) -> BookingOutcome:
    """The session's member has a place, waits for one, or has none and knows why."""
    async with as_kiosk_async(connection, kiosk_id):
        cursor = await connection.execute(
            queries("classes")["book_class"],
            {"session_id": session_id, "class_id": class_id, "class_date": class_date},
        )
        row = await cursor.fetchone()
    return BookingOutcome(row[0], row[2]) if row else BookingOutcome("unknown_class")


async def cancel_booking(connection: AsyncConnection, *, kiosk_id: UUID, session_id: UUID, booking_id: UUID) -> str:
    """The place is free again and the first who waited has it: cancelled, unknown_booking, started or no_member."""
    async with as_kiosk_async(connection, kiosk_id):
        cursor = await connection.execute(
            queries("classes")["cancel_booking"], {"session_id": session_id, "booking_id": booking_id}
        )
        row = await cursor.fetchone()
    return str(row[0]) if row else "unknown_booking"
