"""Gathers the week's alerts of each gym and remembers who was told.

SQL is in `queries/alert_digests.sql`, the letter in `jarvis/alert_digests.py`. Transactions are the caller's.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row

from jarvis.alert_digests import MOST_ATTEMPTS, Digest, LeftOver
from jarvis.formats_fr import member_name
from warehouse.sql import queries


@dataclass(frozen=True, slots=True)
class Delivery:
    """One digest on its way to one person."""

    gym_id: UUID
    digest_id: UUID
    user_id: UUID
    email: str
    full_name: str | None
    timezone: str
    is_unsubscribed: bool
    quiet_from: time
    quiet_until: time
    """On the gym's own clock; equal to `quiet_from` for no quiet hours."""
    attempt_count: int
    """Tries so far."""
    digest: Digest


def make(connection: Connection, *, week_starts_on: date, now: datetime) -> int:
    """Each active gym has its digest of the week: how many are new."""
    return connection.execute(_sql("make_digests"), {"week_starts_on": week_starts_on, "now": now}).rowcount


def due(connection: Connection, *, week_starts_on: date) -> list[Delivery]:
    """Who has not got the week's digest yet, with its content."""
    parameters = {"week_starts_on": week_starts_on, "most_attempts": MOST_ATTEMPTS}
    with connection.cursor(row_factory=dict_row) as cursor:
        return [_delivery(connection, row) for row in cursor.execute(_sql("due_deliveries"), parameters).fetchall()]


def note(connection: Connection, delivery: Delivery, *, status: str, reason: str | None, now: datetime) -> None:
    """What came of the try is kept."""
    is_try = status in ("sent", "failed", "bounced")
    connection.execute(
        _sql("note_delivery"),
        {
            "gym_id": delivery.gym_id,
            "digest_id": delivery.digest_id,
            "user_id": delivery.user_id,
            "status": status,
            "attempt_count": max(1, delivery.attempt_count + int(is_try)),
            "reason": reason,
            "now": now,
        },
    )


def _delivery(connection: Connection, row: dict[str, Any]) -> Delivery:
    content = row["content"]
    ids = [UUID(one["member_id"]) for one in content["left_over"]]
    known = {
        member_id: member_name(*parts)
        for member_id, *parts in connection.execute(_sql("names_of"), {"gym_id": row["gym_id"], "member_ids": ids})
    }
    digest = Digest(
        gym_name=row["gym_name"],
        week_starts_on=row["week_starts_on"],
        # Whoever was erased meanwhile is in no letter.
        left_over=tuple(
            LeftOver(known[UUID(one["member_id"])], float(one["expected_value_eur"]), tuple(one["reasons"]))
            for one in content["left_over"]
            if UUID(one["member_id"]) in known
        ),
        escalated=tuple(content["escalated"]),
        # A digest made before reports could wait has none.
        drafts=tuple(content.get("drafts", ())),
        waiting=content["waiting"],
        raised_count=content["raised_count"],
        closed_count=content["closed_count"],
    )
    place = row["gym_id"], row["digest_id"], row["user_id"]
    wishes = row["is_unsubscribed"], row["quiet_from"], row["quiet_until"]
    return Delivery(*place, row["email"], row["full_name"], row["timezone"], *wishes, row["attempt_count"], digest)


def _sql(block: str) -> LiteralString:
    return queries("alert_digests")[block]
