"""Brings the kiosks' last signs of life and keeps what a look at them found.

SQL is in `queries/kiosk_health.sql`, the rules in `jarvis/kiosk_health.py`. Transactions are the caller's.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row

from jarvis.alert_thresholds import held
from jarvis.kiosk_health import OFFLINE_AFTER, KioskStanding, Watch
from warehouse.sql import queries


def last_look(connection: Connection) -> Watch | None:
    """What the watch remembers, locked until the transaction ends; None before the first look."""
    row = connection.execute(_sql("last_look")).fetchone()
    return None if row is None else Watch(*row)


def remember_look(connection: Connection, watch: Watch) -> None:
    """The next look finds this one."""
    connection.execute(_sql("remember_look"), asdict(watch))


def kiosks_in_service(connection: Connection, *, now: datetime) -> list[KioskStanding]:
    """Every kiosk that should be heard, with its gym's hours and the closures around now."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_sql("kiosks_in_service"), {"now": now})
        return [
            KioskStanding(
                alert_after=held({"kiosk_silence_minutes": row.pop("kiosk_silence_minutes")}).kiosk_alert_after,
                **{**row, "closures": frozenset(row["closures"])},
            )
            for row in rows
        ]


def open_causes(connection: Connection) -> set[tuple[UUID, str]]:
    """Gym and key of every kiosk alert that is open."""
    return {(gym_id, key) for gym_id, key in connection.execute(_sql("open_kiosk_alerts"))}


def mark_offline(connection: Connection, kiosk_ids: Sequence[UUID], *, now: datetime) -> int:
    """The kiosks are shown as offline; how many, those heard meanwhile apart."""
    parameters = {"kiosk_ids": list(kiosk_ids), "now": now, "offline_after": OFFLINE_AFTER}
    return connection.execute(_sql("mark_offline"), parameters).rowcount


def _sql(block: str) -> LiteralString:
    return queries("kiosk_health")[block]
