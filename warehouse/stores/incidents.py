"""Counts what broke in the pipeline and remembers what a person was told.

SQL is in `queries/incidents.sql`, the rules in `jarvis/incidents.py`. Transactions are the caller's.
"""

from collections.abc import Collection
from datetime import datetime
from typing import LiteralString

from psycopg import Connection

from jarvis.incidents import REPEAT_AFTER, Incident, Sighting
from warehouse.sql import queries


def note(connection: Connection, sighting: Sighting) -> bool:
    """The sighting is counted: True; False when it is the last one, seen again."""
    parameters = {"cause": sighting.cause, "summary": sighting.summary, "seen_at": sighting.seen_at}
    return connection.execute(_sql("note_incident"), parameters).rowcount == 1


def end(connection: Connection, causes: Collection[str], *, now: datetime) -> int:
    """The causes are well again: how many were not."""
    return connection.execute(_sql("end_incidents"), {"causes": sorted(causes), "now": now}).rowcount


def standing(connection: Connection) -> set[str]:
    """The causes that are not well."""
    return {cause for (cause,) in connection.execute(_sql("standing_incidents"))}


def due(connection: Connection, *, now: datetime) -> list[Incident]:
    """What a person should be told now, locked until the transaction ends."""
    rows = connection.execute(_sql("due_incidents"), {"now": now, "repeat_after": REPEAT_AFTER})
    return [Incident(*row) for row in rows]


def mark_told(connection: Connection, causes: Collection[str], *, now: datetime) -> None:
    """A person knows of these, with their counts."""
    connection.execute(_sql("mark_told"), {"causes": sorted(causes), "now": now})


def network_silent_at(connection: Connection) -> datetime | None:
    """When the last look heard no kiosk of any gym; None while some are heard."""
    row = connection.execute(_sql("network_is_silent")).fetchone()
    return None if row is None else row[0]


def _sql(block: str) -> LiteralString:
    return queries("incidents")[block]
