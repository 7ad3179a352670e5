"""Frames that the suites of `jarvis/quality.py` look at, and their verdicts over time.

SQL is in `queries/quality.sql`. A frame holds ids, counts, moments and closed vocabularies, never a word of anybody.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from psycopg import Connection

from jarvis.quality import Suite, Verdict
from warehouse.sql import queries

if TYPE_CHECKING:
    import pandas as pd

# The newest rows of a day and the one before; older ones were looked at while they were new.
WINDOW = timedelta(days=2)
MOST_ROWS = 200_000
# Below this a weekday's count is chance.
LEAST_USUAL = 10

KEEP_FOR = timedelta(days=400)


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest run of one suite."""

    suite: str
    ran_at: datetime
    unmet_errors: tuple[str, ...]
    """Expectations of severity error that were not met."""


def frame(connection: Connection, suite: Suite, *, now: datetime) -> "pd.DataFrame":
    """What the suite looks at: a row each as its query says, in the window that ends at `now`."""
    import pandas as pd

    cursor = connection.execute(
        queries("quality")[suite.query or suite.name],
        {
            "since": now - WINDOW,
            "until": now,
            "at_most": MOST_ROWS,
            "least_usual": LEAST_USUAL,
            "table": suite.table,
        },
    )
    assert cursor.description is not None  # Every block of these is a select.
    return pd.DataFrame(cursor.fetchall(), columns=[column.name for column in cursor.description])


def columns(connection: Connection, table: str) -> "pd.DataFrame":
    """One row per column of a raw table: `column_type`, such as `started_at timestamp with time zone`."""
    import pandas as pd

    rows = connection.execute(queries("quality")["table_columns"], {"table": table}).fetchall()
    return pd.DataFrame(rows, columns=["column_type"])


def keep(connection: Connection, verdicts: Iterable[Verdict], *, ran_at: datetime) -> None:
    """The verdicts of one run are on record; those of more than a year ago are gone."""
    with connection.cursor() as cursor:
        cursor.executemany(
            queries("quality")["keep_verdict"],
            [
                {
                    "ran_at": ran_at,
                    "suite": one.suite,
                    "expectation": one.expectation,
                    "severity": one.severity.value,
                    "is_met": one.is_met,
                    "element_count": one.element_count,
                    "unexpected_count": one.unexpected_count,
                    "error": one.error,
                }
                for one in verdicts
            ],
        )
    connection.execute(queries("quality")["forget_verdicts"], {"before": ran_at - KEEP_FOR})


def newest(connection: Connection, suites: Iterable[str]) -> list[Newest]:
    """The newest run of each suite that has run."""
    rows = connection.execute(queries("quality")["newest_verdicts"], {"suites": list(suites)})
    return [Newest(suite, ran_at, tuple(unmet)) for suite, ran_at, unmet in rows]
