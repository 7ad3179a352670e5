"""Keeps churn models: files with their hash, figures and window, and which of them decides.

Files live in the database and not in a folder: every worker of every machine scores with the same champion,
and a model comes and goes in one transaction with its row. SQL is in `queries/churn.sql`; what the bytes
mean is `ml/churn/registry.py`'s. Transactions are the caller's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from warehouse.sql import queries


class NoChampion(LookupError):
    """There is nothing to take back: the rules decide already."""


class NotBarred(LookupError):
    """There is no bar to lift: nobody took this model back."""


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One trained model, without its file."""

    id: UUID
    version: str
    status: str
    """candidate, champion or retired."""
    metrics: Mapping[str, Any]
    artifact_sha256: str | None
    window_starts_on: date | None
    window_ends_on: date | None
    training_rows: int | None
    feature_columns: Sequence[str]
    created_at: datetime
    promoted_at: datetime | None
    promoted_by: str | None
    promotion_reason: str | None
    retired_at: datetime | None
    retired_by: str | None
    retirement_reason: str | None
    taken_back_at: datetime | None
    """When a person took it back; None where it was replaced by a better one, and once a person lifted the bar."""


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model that decides or did, as its file."""

    id: UUID
    version: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A trained model to keep."""

    version: str
    content: bytes
    sha256: str
    metrics: Mapping[str, Any]
    columns: Sequence[str]
    window_starts_on: date
    window_ends_on: date
    training_rows: int


def keep_candidate(connection: Connection, candidate: Candidate) -> UUID | None:
    """The model is kept as a candidate; its id, or None where a model of this version was promoted already.

    Files of candidates that nobody promoted in sixty days are gone then; their figures stay.
    """
    connection.execute(_sql("keep_artifact"), {"sha256": candidate.sha256, "content": candidate.content})
    parameters = {
        "version": candidate.version,
        "metrics": Jsonb(dict(candidate.metrics)),
        "sha256": candidate.sha256,
        "columns": list(candidate.columns),
        "window_starts_on": candidate.window_starts_on,
        "window_ends_on": candidate.window_ends_on,
        "training_rows": candidate.training_rows,
    }
    row = connection.execute(_sql("keep_candidate"), parameters).fetchone()
    connection.execute(_sql("forget_old_candidates"))
    connection.execute(_sql("drop_unused_artifacts"))
    return None if row is None else row[0]


def models(connection: Connection, *, limit: int = 50) -> list[ModelVersion]:
    """The churn models, the newest first."""
    with connection.cursor(row_factory=class_row(ModelVersion)) as cursor:
        return cursor.execute(_sql("models"), {"limit": limit}).fetchall()


def champion_file(connection: Connection) -> ModelFile | None:
    """The model that decides; None while the rules do."""
    with connection.cursor(row_factory=class_row(ModelFile), binary=True) as cursor:
        return cursor.execute(_sql("champion_artifact")).fetchone()


def taken_back_files(connection: Connection) -> list[ModelFile]:
    """The models that somebody took back since a candidate was last promoted, the newest first; at most three."""
    with connection.cursor(row_factory=class_row(ModelFile), binary=True) as cursor:
        return cursor.execute(_sql("taken_back_artifacts")).fetchall()


def version_of_day(connection: Connection, day: date, *, again: bool = False) -> str | None:
    """What a model trained on that day is called; None where one of that day decides.

    `churn-2026-11-23`, and once a model of that name was promoted and retired `churn-2026-11-23.2` and so on.

    Args:
        again: even where one of that day decides.
    """
    version = f"churn-{day.isoformat()}"
    decided = connection.execute(_sql("decided_versions"), {"version": version}).fetchall()
    if not again and any(decides for _, decides in decided):
        return None
    return version if not decided else f"{version}.{len(decided) + 1}"


def gym_slugs(connection: Connection) -> dict[str, str]:
    """Id to slug of every gym."""
    return {str(row[0]): str(row[1]) for row in connection.execute(_sql("gym_slugs"))}


def promote(connection: Connection, model_id: UUID, *, by: str, reason: str) -> None:
    """The model decides from now on, the one before it is retired, and the audit trail says who and why.

    Raises:
        LookupError: when there is no such model, or it is champion already.
    """
    connection.execute(_sql("hold_models"))
    connection.execute(_sql("retire_champion"), {"by": by, "reason": f"replaced: {reason}"})
    made = connection.execute(_sql("make_champion"), {"id": model_id, "by": by, "reason": reason}).fetchone()
    if made is None:
        raise LookupError(f"found no churn model {model_id} to promote, expected one that is not champion")
    _log(connection, "model_promoted", model_id, by=by, reason=reason, version=made[0])


def roll_back(connection: Connection, *, by: str, reason: str) -> str | None:
    """The champion is taken back and the one before it decides again; its version, None where the rules do from now on.

    Until a candidate is promoted that is better than the one taken back, or `lift_bar`, its like is not promoted again.

    Raises:
        NoChampion: when the rules decide already.
    """
    connection.execute(_sql("hold_models"))
    retired = connection.execute(_sql("take_back_champion"), {"by": by, "reason": reason}).fetchone()
    if retired is None:
        raise NoChampion("found no champion, expected one to take back: the rules decide already")
    before = connection.execute(_sql("champion_before"), {"id": retired[0]}).fetchone()
    if before is not None:
        connection.execute(_sql("make_champion"), {"id": before[0], "by": by, "reason": f"rolled back: {reason}"})
    _log(
        connection, "model_rolled_back", retired[0], by=by, reason=reason, version=retired[1],
        back_to=None if before is None else before[1],
    )  # fmt: skip
    return None if before is None else str(before[1])


def lift_bar(connection: Connection, version: str, *, by: str, reason: str) -> None:
    """The model that was taken back bars nobody any more, and a rollback may return to it; the audit trail says who.

    Raises:
        NotBarred: when no model of this version was taken back.
    """
    connection.execute(_sql("hold_models"))
    lifted = connection.execute(_sql("lift_bar"), {"version": version}).fetchone()
    if lifted is None:
        barred = [one for (one,) in connection.execute(_sql("barred_versions"))]
        raise NotBarred(f"found {version} not taken back, expected one of: {', '.join(barred) or 'none is'}")
    _log(connection, "model_bar_lifted", lifted[0], by=by, reason=reason, version=version)


def _log(connection: Connection, action: str, model_id: UUID, **details: Any) -> None:
    connection.execute(_sql("log_decision"), {"action": action, "id": str(model_id), "details": Jsonb(details)})


def _sql(block: str) -> LiteralString:
    return queries("churn")[block]
