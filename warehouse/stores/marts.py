"""The marts as the pipeline sees them from outside: whether dbt has built them, and from what."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import psycopg
from psycopg import Connection, sql
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
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn):
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


@dataclass(frozen=True, slots=True)
class Glance:
    """What a mart holds at this moment."""

    row_count: int
    cost_usd: Decimal | None
    """Of all rows; None for a mart without a cost."""
    rows: Sequence[tuple[Any, ...]]
    """A few, the newest first where the mart has days."""


def glance(
    connection: Connection, mart: str, *, columns: Sequence[str], newest: Sequence[str], rows: int, has_cost: bool
) -> Glance:
    """A mart's row count, cost and a few of its rows.

    Args:
        connection: the pipeline's.
        mart: its name in the schema `marts`.
        columns: to show; none for no row.
        newest: columns to order by, the latest first.
        rows: to show at most.
        has_cost: whether it has a column cost_usd.
    """
    table = sql.Identifier("marts", mart)
    cost = sql.SQL("sum(cost_usd)" if has_cost else "null::numeric")
    count, total = connection.execute(sql.SQL("select count(*), {} from {}").format(cost, table)).fetchall()[0]
    if not columns:
        return Glance(count, total, ())
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    order: list[sql.Composable] = [sql.SQL("{} desc").format(sql.Identifier(name)) for name in newest] or [sql.SQL("1")]
    found = connection.execute(
        sql.SQL("select {} from {} order by {} limit {}").format(names, table, sql.SQL(", ").join(order), rows)
    )
    return Glance(count, total, found.fetchall())


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
