"""What the desk writes down: who is away, and when the gym is closed.

SQL is in `queries/desk.sql`; the functions it calls (migration 0241) decide who may, and write the audit trail in
the same transaction. The API asks in a person's name, the command line as the operator.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any, Literal
from uuid import UUID

import psycopg
from psycopg import AsyncConnection, Connection
from psycopg.rows import dict_row

from warehouse.sql import queries

Listing = Literal["absences_of_member", "closures_of_gym"]
Change = Literal["add_absence", "end_absence", "add_closure", "remove_closure"]


class DaysOutOfRange(ValueError):
    """Days that cannot be; the message says which can."""


class NothingWritten(LookupError):
    """What should be changed is not there; the message says where to look."""


async def listed(connection: AsyncConnection[dict[str, Any]], listing: Listing, **of: UUID) -> Sequence[dict[str, Any]]:
    """The latest two hundred, as the person sees them."""
    return await (await connection.execute(queries("desk")[listing], of)).fetchall()


async def change(connection: AsyncConnection[dict[str, Any]], name: Change, /, **values: Any) -> Any:
    """The change is made and in the audit trail: its id or True; None or False where there is nothing to change.

    Raises:
        psycopg.errors.InsufficientPrivilege: the person sees it and may not change it.
        psycopg.errors.CheckViolation: days that cannot be.
    """
    row = await (await connection.execute(queries("desk")[name], values)).fetchone()
    return None if row is None else row["answer"]


def listed_for_operator(connection: Connection, listing: Listing, **of: UUID) -> list[dict[str, Any]]:
    """As `listed`, for the command line."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(queries("desk")[listing], of).fetchall()


def change_as_operator(connection: Connection, name: Change, /, **values: UUID | date | str | None) -> Any:
    """As `change`, for the command line.

    Raises:
        NothingWritten: there is nothing to change.
        DaysOutOfRange: days that cannot be.
    """
    try:
        row = connection.execute(queries("desk")[name], values).fetchone()
    except psycopg.errors.CheckViolation as error:
        raise DaysOutOfRange(error.diag.message_primary or "found days that cannot be") from None
    if row is None or not row[0]:
        raise NothingWritten(f"found no {name.partition('_')[2]} or member of this id, expected one of `… list`")
    return row[0]
