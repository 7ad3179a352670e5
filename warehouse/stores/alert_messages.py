"""Brings the alerts that lack a draft and keeps the drafts.

SQL is in `queries/alert_messages.sql`, the words in `jarvis/alert_messages.py`. Transactions are the caller's.
"""

from typing import LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row

from jarvis.alert_messages import DRAFTED, Occasion
from jarvis.alerts import AlertType
from warehouse.sql import queries

BATCH_SIZE = 500


def undrafted(connection: Connection) -> list[tuple[UUID, UUID, Occasion]]:
    """Gym, alert and occasion of open alerts without a draft, the oldest first, a batch at a time."""
    parameters = {"alert_types": [str(one) for one in DRAFTED], "batch_size": BATCH_SIZE}
    with connection.cursor(row_factory=dict_row) as cursor:
        found = []
        for row in cursor.execute(_sql("undrafted"), parameters):
            place = row.pop("gym_id"), row.pop("alert_id")
            row["factors"] = tuple((row["factors"] or "").split(","))
            found.append((*place, Occasion(**{**row, "alert_type": AlertType(row["alert_type"])})))
    return found


def keep(connection: Connection, *, gym_id: UUID, alert_id: UUID, language: str, text: str) -> int:
    """The alert has a draft: 1; 0 when it had one."""
    parameters = {"gym_id": gym_id, "alert_id": alert_id, "language": language, "text": text}
    return connection.execute(_sql("keep_draft"), parameters).rowcount


def _sql(block: str) -> LiteralString:
    return queries("alert_messages")[block]
