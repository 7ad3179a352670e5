"""Keeps what people say of the engine's labels: corrections and confirmations, newest last.

SQL is in `queries/corrections.sql`, the rules in `jarvis/corrections.py`; the database puts each over the engine's
label at once and at every analysis after. The caller's transaction carries the person (`as_user_async`).
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg import AsyncConnection

from jarvis.corrections import Correction
from warehouse.sql import queries

Connection = AsyncConnection[dict[str, Any]]


class NothingToCorrect(LookupError):
    """The session has no analysis yet."""


class BeingAnalysed(RuntimeError):
    """An analysis holds the session at this moment."""


async def correct(
    connection: Connection, session_id: UUID, corrections: Sequence[Correction]
) -> Sequence[dict[str, Any]] | None:
    """The corrections as they are kept, the latest first; None where the person sees no such session or turn.

    Raises:
        NothingToCorrect: when the session is not analysed.
        BeingAnalysed: when an analysis of it is under way; a moment later it is over.
        psycopg.errors.InsufficientPrivilege: when the person sees the gym and does not manage it.
    """
    made: list[int] = []
    try:
        for one in corrections:
            cursor = await connection.execute(
                queries("corrections")["correct_label"],
                {
                    "session_id": session_id,
                    "turn_id": one.turn_id,
                    "field": one.field,
                    "value": list(one.value),
                },
            )
            row = await cursor.fetchone()
            if row is None or row["correction_id"] is None:
                return None
            made.append(row["correction_id"])
    except psycopg.errors.LockNotAvailable as error:
        raise BeingAnalysed(str(session_id)) from error
    except psycopg.errors.ObjectNotInPrerequisiteState as error:
        raise NothingToCorrect(str(session_id)) from error
    return await of_session(connection, session_id, ids=made)


async def of_session(
    connection: Connection,
    session_id: UUID,
    *,
    ids: Sequence[int] | None = None,
    after_id: str | int | None = None,
    asked: int = 1000,
) -> Sequence[dict[str, Any]]:
    """What people have said of the session's labels, the latest first."""
    cursor = await connection.execute(
        queries("corrections")["corrections"],
        {"session_id": session_id, "ids": None if ids is None else list(ids), "after_id": after_id, "asked": asked},
    )
    return await cursor.fetchall()
