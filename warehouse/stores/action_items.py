"""Keeps what becomes of action items: who takes one on, by when, and who ended it.

SQL is in `queries/action_items.sql`; which steps are legal says the database (migration 0230), what an analysis writes
`stores/conversations.py`. The caller's transaction carries the person (`as_user_async`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection

from jarvis.action_items import ActionState
from warehouse.sql import queries

Connection = AsyncConnection[dict[str, Any]]

# An action item as it is asked for by itself.
_UNFILTERED = dict.fromkeys(
    ("gym_id", "session_id", "member_id", "state", "owner", "assigned_to", "after_at", "after_id")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What somebody does about an action item, from where they saw it."""

    seen_state: ActionState
    state: ActionState | None = None
    """None leaves it where it stands."""
    has_assignee: bool = False
    """True when `assigned_to` is meant, also where it is None: nobody has it any more."""
    assigned_to: UUID | None = None
    has_due_date: bool = False
    """True when `due_date` is meant, also where it is None."""
    due_date: date | None = None


async def listed(connection: Connection, filters: Mapping[str, Any]) -> Sequence[dict[str, Any]]:
    """The rows of one page, the latest first; row security decides which there are."""
    cursor = await connection.execute(queries("action_items")["action_items"], {**filters, "id": None})
    return await cursor.fetchall()


async def one(connection: Connection, item_id: UUID) -> dict[str, Any] | None:
    """One action item; None where the person sees none of this id."""
    cursor = await connection.execute(
        queries("action_items")["action_items"], {**_UNFILTERED, "id": item_id, "asked": 1}
    )
    return await cursor.fetchone()


async def move(connection: Connection, item_id: UUID, step: Step) -> bool:
    """True when the action item took the step; False when it is not (any more) as it was seen.

    Raises:
        psycopg.errors.CheckViolation: when no action item may take this step.
    """
    cursor = await connection.execute(
        queries("action_items")["move_action_item"],
        {
            "id": item_id,
            "seen_state": step.seen_state,
            "state": step.state,
            "has_assignee": step.has_assignee,
            "assigned_to": step.assigned_to,
            "has_due_date": step.has_due_date,
            "due_date": step.due_date,
        },
    )
    return await cursor.fetchone() is not None
