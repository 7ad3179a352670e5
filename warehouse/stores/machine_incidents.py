"""Merges and splits incidents of machines by hand, where the rules of `jarvis/places.py` folded or parted them wrongly.

The database does both in one step and keeps who did it (migration 0327); SQL is in `queries/machine_incidents.sql`.
Works as a person (`as_user`) who manages the gym, and as the operator. Transactions are the caller's. Not here:
what broke in the pipeline (`incidents.py`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from jarvis.alerts_fr import equipment_title
from jarvis.conversations import Issue, Topic
from jarvis.places import thing_of
from warehouse.sql import queries


class IncidentRefused(RuntimeError):
    """These incidents cannot be merged or split so; the message says what was found and what is possible."""


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """An open incident as a person chooses between them."""

    alert_id: UUID
    title: str
    occurrence_count: int
    last_occurred_at: datetime
    session_ids: Sequence[str]
    mentions: Sequence[Mapping[str, str]]
    """name, topic and session_id of each report that named a thing."""


def open_incidents(connection: Connection, *, gym_slug: str) -> list[OpenIncident]:
    """The gym's open incidents, the newest report first."""
    with connection.cursor(row_factory=class_row(OpenIncident)) as cursor:
        return cursor.execute(queries("machine_incidents")["open"], {"slug": gym_slug}).fetchall()


def merge(connection: Connection, *, kept: UUID, folded: UUID) -> None:
    """The second incident is part of the first and closed as its duplicate; later reports of either join the first.

    Raises:
        IncidentRefused: when they are not two open incidents of one gym that the person manages.
    """
    _changed(connection, "merge", {"kept": kept, "folded": folded})


def split(connection: Connection, alert_id: UUID, *, session_ids: Sequence[UUID]) -> UUID:
    """What these sessions reported is an incident of its own, open; its id. Their reports stay there when read again.

    Raises:
        IncidentRefused: when the sessions are not some, and not all, of an open incident that the person manages.
    """
    row = connection.execute(queries("machine_incidents")["names"], {"alert_id": alert_id}).fetchone()
    mentions: Sequence[Mapping[str, str]] = [] if row is None else row[0]
    told = names_after(mentions, leaving=session_ids)
    parameters = {"alert_id": alert_id, "session_ids": sorted(set(session_ids)), "told": Jsonb(told)}
    return _changed(connection, "split", parameters)


def names_after(mentions: Sequence[Mapping[str, str]], *, leaving: Sequence[UUID]) -> Mapping[str, object]:
    """What both incidents are called once these sessions have left the one: `made` and `kept`, as the split takes them.

    Args:
        mentions: name, topic and session_id of each report that named a thing, the first one first.
    """
    gone = {str(one) for one in leaving}
    return {
        "made": _named([one for one in mentions if one["session_id"] in gone]),
        "kept": _named([one for one in mentions if one["session_id"] not in gone]),
    }


def _changed(connection: Connection, block: str, parameters: Mapping[str, Any]) -> UUID:
    try:
        row = connection.execute(queries("machine_incidents")[block], parameters).fetchone()
    except psycopg.errors.CheckViolation as refusal:
        raise IncidentRefused(refusal.diag.message_primary or "the database refused it") from refusal
    if row is None or row[0] is None:
        raise IncidentRefused("found no such incident, expected an open one of a gym that this person manages")
    return UUID(str(row[0]))


def _named(mentions: Sequence[Mapping[str, str]]) -> Mapping[str, object]:
    """What the incident of these reports is called: by the first name that carries a number, else by the last one."""
    if not mentions:
        return {}
    things = [(one, thing_of(Topic(one["topic"]), one["name"], None)) for one in mentions]
    named, thing = next(((one, thing) for one, thing in things if thing.number is not None), things[-1])
    issue = Issue(topic=Topic(named["topic"]), machine=named["name"], zone=None, source_turn_ids=())
    return {"title": equipment_title(issue), "machine": named["name"], "zone": None, "thing": asdict(thing)}
