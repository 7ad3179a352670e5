"""What the tables of the Python assets hold, by label: for Dagster's pages, no place for a person's row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from psycopg import Connection

from warehouse.sql import queries


@dataclass(frozen=True, slots=True)
class Holding:
    """A table's rows, counted by their labels."""

    labels: Sequence[str]
    """Columns that were counted by."""
    counts: Mapping[tuple[Any, ...], int]
    """Values of the labels, in their order, to rows."""
    counted: str
    """What was: row_count is the whole table."""

    @property
    def row_count(self) -> int:
        """Of all labels."""
        return sum(self.counts.values())


def holding(connection: Connection, asset: str) -> Holding:
    """What an asset's table holds at this moment.

    Args:
        connection: the pipeline's.
        asset: such as `conversation_summaries`; a block of `queries/holdings.sql` has its name.
    """
    cursor = connection.execute(queries("holdings")[asset])
    *labels, counted = [column.name for column in cursor.description or ()]
    return Holding(labels, {tuple(values): count for *values, count in cursor}, counted)
