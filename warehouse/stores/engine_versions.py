"""Keeps the versions of the engines that analyse conversations: their scores, and which one of each is in service.

SQL is in `queries/engine_versions.sql`. Transactions are the caller's; what decides is `orchestration/engine_gate.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, LiteralString

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from warehouse.sql import queries

CHAMPION = "champion"


def kind_of(engine: str) -> str:
    """The kind of model that the engine's versions are: each kind has one in service."""
    return "conversations" if engine == "local" else "hosted_conversations"


@dataclass(frozen=True, slots=True)
class EngineVersion:
    """One version as it is on record."""

    version: str
    """The engine's name and its own version, such as `local 1+ab12`."""
    engine: str
    status: str
    """candidate, champion (in service) or retired."""
    metrics: Mapping[str, Any]
    created_at: datetime

    @property
    def is_in_service(self) -> bool:
        """True when it may analyse."""
        return self.status == CHAMPION


@dataclass(frozen=True, slots=True)
class Agreement:
    """What people who looked at a version's labels said of them."""

    version: str
    judged_count: int
    agreed_count: int

    @property
    def rate(self) -> float:
        """The part of the judged labels that people gave as the engine had."""
        return self.agreed_count / self.judged_count


def hold_alone(connection: Connection) -> None:
    """Nobody else decides about versions until this transaction ends."""
    connection.execute(_sql("one_at_a_time"))


def find(connection: Connection, version: str) -> EngineVersion | None:
    """The version; None when it was never scored."""
    return _one(connection, "engine_version", {"version": version})


def champion_of(connection: Connection, engine: str) -> EngineVersion | None:
    """The engine's version in service; None before its first."""
    return _one(connection, "champion", {"kind": kind_of(engine)})


def every(connection: Connection) -> list[EngineVersion]:
    """All versions, the latest first."""
    with connection.cursor(row_factory=class_row(EngineVersion)) as cursor:
        return cursor.execute(_sql("engine_versions")).fetchall()


def agreements(connection: Connection) -> dict[str, Agreement]:
    """Version to what people said of its labels; none for a version whose labels nobody looked at."""
    with connection.cursor(row_factory=class_row(Agreement)) as cursor:
        return {one.version: one for one in cursor.execute(_sql("agreement")).fetchall()}


def record(connection: Connection, version: str, metrics: Mapping[str, Any]) -> None:
    """The version is on record with these metrics, a candidate when it is new; `metrics["engine"]` names its engine."""
    parameters = {"kind": kind_of(metrics["engine"]), "version": version, "metrics": Jsonb(dict(metrics))}
    connection.execute(_sql("record_version"), parameters)


def put_in_service(connection: Connection, version: str, *, engine: str, reason: str) -> None:
    """The version is its engine's one in service, the one before is retired, both with the reason."""
    kind = kind_of(engine)
    connection.execute(_sql("retire_champion"), {"kind": kind, "reason": f"{version}: {reason}"})
    connection.execute(_sql("put_in_service"), {"kind": kind, "version": version, "reason": reason})


def audit_acceptance(connection: Connection, version: str, details: Mapping[str, Any]) -> None:
    """That somebody let the version in over its scores is on the record."""
    connection.execute(_sql("audit_acceptance"), {"version": version, "details": Jsonb(dict(details))})


def put_off_due(connection: Connection, *, reason: str, retry_after: timedelta) -> int:
    """Every due session waits this long with this reason, and loses no try; how many."""
    return connection.execute(_sql("put_off_due"), {"reason": reason, "retry_after": retry_after}).rowcount


def put_off_enrichments(connection: Connection, *, reason: str, retry_after: timedelta) -> int:
    """Every conversation due for the hosted engine waits this long with this reason; how many."""
    return connection.execute(_sql("put_off_enrichments"), {"reason": reason, "retry_after": retry_after}).rowcount


def resume_waiting(connection: Connection, *, reason_prefix: str) -> int:
    """Whatever waits for an engine with a reason of this beginning is due; how many sessions."""
    parameters = {"reason_like": f"{reason_prefix}%"}
    return sum(
        connection.execute(_sql(block), parameters).rowcount for block in ("resume_waiting", "resume_enrichments")
    )


def _one(connection: Connection, block: str, parameters: Mapping[str, str]) -> EngineVersion | None:
    with connection.cursor(row_factory=class_row(EngineVersion)) as cursor:
        return cursor.execute(_sql(block), parameters).fetchone()


def _sql(block: str) -> LiteralString:
    return queries("engine_versions")[block]
