"""Who is told by letter that an alert rose, and what became of each letter.

SQL is in `queries/alert_letters.sql`, the letter in `jarvis/alert_letters.py`. Transactions are the caller's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from typing import LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from warehouse.sql import queries


@dataclass(frozen=True, slots=True)
class DueLetter:
    """One alert that waits to be told to one person, who is locked until the transaction ends."""

    id: UUID
    recipient_user_id: UUID
    attempt_count: int
    """Tries so far."""
    title: str
    priority: str
    created_at: datetime
    is_waiting: bool
    """False once somebody took the alert, or it ended."""
    gym_name: str
    timezone: str
    email: str
    full_name: str | None
    is_served: bool
    """False once the gym or its franchise is suspended."""
    is_in_charge: bool
    """False once the person answers for the gym no more."""
    is_unsubscribed: bool
    quiet_from: time
    quiet_until: time


def queue(connection: Connection, *, alert_id: UUID, now: datetime) -> int:
    """Whoever is to know that the alert rose will be told, once: how many letters are new."""
    return connection.execute(_sql("queue"), {"alert_id": alert_id, "now": now}).rowcount


def due(connection: Connection, *, now: datetime) -> list[DueLetter]:
    """One person's letters whose time has come, by gym; none when nobody waits."""
    with connection.cursor(row_factory=class_row(DueLetter)) as cursor:
        return cursor.execute(_sql("due"), {"now": now}).fetchall()


def settle(
    connection: Connection,
    letters: Sequence[DueLetter],
    status: str,
    *,
    now: datetime,
    reason: str | None = None,
    due_at: datetime | None = None,
    is_try: bool = False,
) -> None:
    """What became of these letters is on record.

    Args:
        status: waiting (again, at `due_at`), sending, sent, failed, bounced or suppressed.
        is_try: True where a server was asked.
    """
    ids = [one.id for one in letters]
    parameters = {"ids": ids, "status": status, "reason": reason, "tried": int(is_try), "due_at": due_at, "now": now}
    connection.execute(_sql("settle"), parameters)


def give_up_lost(connection: Connection, *, now: datetime) -> int:
    """Letters of a run that died while it sent them are given up: how many."""
    return connection.execute(_sql("give_up_lost"), {"now": now}).rowcount


def _sql(block: str) -> LiteralString:
    return queries("alert_letters")[block]
