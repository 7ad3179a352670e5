"""How a signed-in person reads and runs the network: franchises, gyms, users, kiosks, and who did what.

SQL is in `queries/network.sql`; the functions it calls (migrations 0080, 0292 and 0345) decide who may and write the
audit trail in the same transaction. The caller's transaction carries the person (`as_user_async`).
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from psycopg import AsyncConnection

from warehouse.sql import queries

Connection = AsyncConnection[dict[str, Any]]
Listing = Literal["franchises", "gyms", "users", "kiosks", "audit"]
Change = Literal[
    "create_franchise", "change_franchise", "create_gym", "change_gym", "change_voice_budget", "create_account",
    "change_account", "create_kiosk", "change_kiosk", "pause_kiosk", "change_kiosk_settings", "issue_kiosk_code",
    "revoke_kiosk",
]  # fmt: skip

_FILTERS: Mapping[str, tuple[str, ...]] = {
    "franchises": ("id", "status"),
    "gyms": ("id", "franchise_id", "status"),
    "users": ("id", "gym_id", "role", "is_active"),
    "kiosks": ("id", "gym_id", "status"),
    "audit": ("gym_id", "actor_user_id", "action"),
}


async def rows_of(
    connection: Connection,
    listing: Listing,
    *,
    asked: int,
    after: tuple[str | None, str | None] = (None, None),
    **filters: Any,
) -> Sequence[dict[str, Any]]:
    """The rows of one page, the latest first, from the one after a place; a filter not given lets all through."""
    parameters = (
        dict.fromkeys(_FILTERS[listing]) | filters | {"asked": asked, "after_at": after[0], "after_id": after[1]}
    )
    cursor = await connection.execute(queries("network")[listing], parameters)
    return await cursor.fetchall()


async def change(connection: Connection, name: Change, /, **values: Any) -> Any:
    """The change is made and in the audit trail; what its function answers.

    Raises:
        psycopg.errors.InsufficientPrivilege: when the person may not.
        psycopg.errors.IntegrityError: when a rule of the tables says no.
    """
    cursor = await connection.execute(queries("network")[name], values)
    row = await cursor.fetchone()
    return None if row is None else row["answer"]
