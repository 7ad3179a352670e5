"""The marts as the pipeline sees them from outside: whether dbt has built them, and from what."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

import psycopg
from psycopg import Connection
from psycopg.types.json import Jsonb

from warehouse.sql import queries


class NotBuiltYet(LookupError):
    """dbt has not built a mart that is asked."""


@contextmanager
def asking_marts() -> Iterator[None]:
    """Statements within ask marts.

    Raises:
        NotBuiltYet: when one of the marts is not there.
    """
    try:
        yield
    except psycopg.errors.UndefinedTable:
        raise NotBuiltYet("found no mart, expected those that dbt builds: wait for its next build") from None


@dataclass(frozen=True, slots=True)
class Build:
    """What a build of the marts is made from; two equal ones give the same marts."""

    project: str
    """Fingerprint of the dbt project."""
    built_date: date
    change_counts: Mapping[str, int]
    """Table, such as `public.gyms`, to the rows it has seen inserted, changed or deleted."""

    def changed_since(self, before: "Build | None") -> frozenset[str] | None:
        """The tables that changed; None where everything must be made: another project, another day, no build yet."""
        if before is None or (self.project, self.built_date) != (before.project, before.built_date):
            return None
        return frozenset(
            table for table, count in self.change_counts.items() if before.change_counts.get(table) != count
        )


def are_built(connection: Connection) -> bool:
    """True once the database holds a mart."""
    row = connection.execute(queries("marts")["are_built"]).fetchone()
    return row is not None and bool(row[0])


def build_of_now(connection: Connection, *, project: str, today: date) -> Build:
    """What a build that begins now is made from."""
    rows = connection.execute(queries("marts")["change_counts"]).fetchall()
    return Build(project, today, dict(rows))


def last_build(connection: Connection) -> Build | None:
    """What the marts were last built from; None where they never were."""
    row = connection.execute(queries("marts")["last_build"]).fetchone()
    return None if row is None else Build(*row)


def remember_build(connection: Connection, build: Build) -> None:
    """The next build begins from this one."""
    connection.execute(
        queries("marts")["remember_build"],
        {
            "project": build.project,
            "built_date": build.built_date,
            "change_counts": Jsonb(dict(build.change_counts)),
        },
    )
