"""How fresh each asset is, noted by the pipeline and judged by the database when somebody asks."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from psycopg import Connection
from psycopg.rows import dict_row

from jarvis.freshness import FORGOTTEN_AFTER
from warehouse.sql import queries


@dataclass(frozen=True, slots=True)
class Standing:
    """One asset against its promise."""

    asset: str
    as_of_at: datetime | None
    """Everything up to here is told; None until it was built once."""
    promise_seconds: int
    is_late: bool


def note(connection: Connection, assets: Mapping[str, tuple[timedelta, datetime | None]], *, now: datetime) -> None:
    """Each asset's promise and moment are on record; one not built for a month is forgotten."""
    with connection.cursor() as cursor:
        cursor.executemany(
            queries("freshness")["note_asset"],
            [
                {"asset": asset, "promise_seconds": int(promise.total_seconds()), "as_of_at": as_of, "now": now}
                for asset, (promise, as_of) in assets.items()
            ],
        )
    connection.execute(queries("freshness")["forget_assets"], {"before": now - FORGOTTEN_AFTER})


def oldest_waiting(connection: Connection) -> dict[str, datetime | None]:
    """Asset that follows events to the oldest event it has not told; None where nothing waits."""
    with connection.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(queries("freshness")["oldest_waiting"]).fetchone()
    assert row is not None  # An aggregate without groups always has one row.
    return dict(row)


def standings(connection: Connection) -> list[Standing]:
    """Every asset with a promise, by its key."""
    return [Standing(*row) for row in connection.execute(queries("freshness")["standings"])]
