"""Brings what decides about open alerts, and what dates and data may raise; keeps what rose.

SQL is in `queries/alert_upkeep.sql`, the rules in `jarvis/alert_upkeep.py`. Transactions are the caller's.
"""

from datetime import datetime
from typing import LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row

from jarvis.alert_thresholds import held
from jarvis.alert_upkeep import Arrival, GymData, OpenAlert
from jarvis.alerts import MILESTONE_FRESH_FOR, AlertType, Priority
from jarvis.churn import HeldBack, RiskLevel
from warehouse.sql import queries

Cause = tuple[UUID, str]
"""A gym and the key of a cause within it."""


def open_alerts(connection: Connection, *, now: datetime) -> list[OpenAlert]:
    """Every open alert of a served gym that may end or rise by itself."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return [
            OpenAlert(
                **{
                    **row,
                    "alert_type": AlertType(row["alert_type"]),
                    "priority": Priority(row["priority"]),
                    "level": None if row["level"] is None else RiskLevel(row["level"]),
                }
            )
            for row in cursor.execute(_sql("open_alerts"), {"now": now})
        ]


def escalate(connection: Connection, alert: OpenAlert, *, priority: Priority, now: datetime) -> int:
    """The alert has a higher priority and the audit trail says so: how many, 0 when somebody took it meanwhile."""
    parameters = {"alert_id": alert.alert_id, "priority": priority, "old_priority": alert.priority, "now": now}
    return connection.execute(_sql("escalate"), parameters).rowcount


def arrivals(connection: Connection, *, now: datetime) -> list[Arrival]:
    """Members who came lately; one with two counted goals is there twice."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return [
            Arrival(steps=held({"milestone_visits": row.pop("milestone_visits")}).milestones, **row)
            for row in cursor.execute(_sql("arrivals"), {"now": now, "fresh_for": MILESTONE_FRESH_FOR})
        ]


def told_milestones(connection: Connection) -> set[Cause]:
    """The milestones that have an alert, open or ended."""
    return {(gym_id, key) for gym_id, key in connection.execute(_sql("told_milestones"))}


def gym_data(connection: Connection, *, now: datetime) -> list[GymData]:
    """Whether each active gym's data can be trusted."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return [
            GymData(
                silent_after=held({"checkins_silent_hours": row.pop("checkins_silent_hours")}).checkins_silent_after,
                **{**row, "held_back": frozenset(HeldBack(one) for one in row["held_back"])},
            )
            for row in cursor.execute(_sql("gym_data"), {"now": now})
        ]


def open_data_causes(connection: Connection) -> set[Cause]:
    """The open alerts about data."""
    return {(gym_id, key) for gym_id, key in connection.execute(_sql("open_data_alerts"))}


def _sql(block: str) -> LiteralString:
    return queries("alert_upkeep")[block]
