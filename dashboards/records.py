"""Rows the pages place: each question names its block, the person it answers for, and its values.

SQL stands in `queries/<page>.sql`; `queries/marts_<page>.sql` asks what dbt builds, so it plans only after a
build. What a stage of the warehouse asks already is asked by its own block. Row security decides which rows
there are: each transaction carries the person's identity, and no filter here stands in for it. Nothing is
cached, so a change by somebody else is seen at once.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, LiteralString

from jarvis.tenancy import Scope
from warehouse.people import Database
from warehouse.sql import queries, read_blocks
from warehouse.stores.marts import asking_marts

QUERIES = Path(__file__).with_name("queries")

Row = Mapping[str, Any]


class Records:
    """What the tables and the marts hold, as the person of the scope may see it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._files = {path.stem: read_blocks(path) for path in QUERIES.glob("*.sql")}

    def rows(self, scope: Scope, question: str, **values: object) -> Sequence[Row]:
        """The rows of a block, `file.block`, in its own order; a block that changes something answers what came of it.

        Raises:
            NotBuiltYet: when the block asks a mart that is not there.
        """
        with asking_marts(), self._database.person(scope) as connection:
            return connection.execute(self._block(question), values).fetchall()

    def row(self, scope: Scope, question: str, **values: object) -> Row | None:
        """The first row of a block; None where the person sees none.

        Raises:
            NotBuiltYet: as `rows`.
        """
        found = self.rows(scope, question, **values)
        return found[0] if found else None

    def _block(self, question: str) -> LiteralString:
        name, _, block = question.partition(".")
        return (self._files.get(name) or queries(name))[block]
