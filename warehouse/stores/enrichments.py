"""Keeps the second tier's queue: who waits for the hosted engine, who was ruled out, who was given up and why.

SQL is in `queries/enrichments.sql`. What the engine answers is written by `conversations.save_analysis`, the one
writer of labels; here is only the way there. Transactions are the caller's: a claim holds its rows of the queue, and
never a summary, until the transaction that writes their effects ends.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, dict_row

from jarvis.conversations import AnalysisFailure, Conversation
from warehouse.sql import queries
from warehouse.stores.conversations import MAX_ATTEMPTS, RETRY_AFTER, with_turns


@dataclass(frozen=True, slots=True)
class Behind:
    """What the second tier owes."""

    failed_count: int
    waiting_count: int
    waiting_since: datetime | None
    """Since when the oldest one waits; None where none does."""


def queue(connection: Connection, session_id: str) -> None:
    """The analysed session waits for the hosted engine, or its row says who keeps its words in the house."""
    connection.execute(_sql("queue_enrichment"), {"session_id": session_id})


def claim(connection: Connection, *, batch_size: int) -> list[Conversation]:
    """The next conversations whose local analysis everybody has seen, claimed until the transaction ends."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_sql("claim_enrichments"), {"batch_size": batch_size}).fetchall()
    return with_turns(connection, rows)


def has_due(connection: Connection) -> bool:
    """True when a conversation is due that no transaction holds."""
    return connection.execute(_sql("due_enrichment_ids"), {"batch_size": 1}).fetchone() is not None


def settle(connection: Connection, session_id: str) -> None:
    """The session waits no longer."""
    connection.execute(_sql("leave_queue"), {"session_id": session_id})


def save_failure(connection: Connection, failure: AnalysisFailure) -> str:
    """The failed try is counted and its reason stands in the row, beside the local analysis; waiting or failed."""
    row = connection.execute(
        _sql("count_failed_enrichment"),
        {
            "session_id": failure.session_id,
            "reason": failure.reason,
            "is_permanent": failure.is_permanent,
            "max_attempts": MAX_ATTEMPTS,
            "retry_after": RETRY_AFTER,
        },
    ).fetchone()
    # No row: it was asked to be analysed again meanwhile, and that try will queue it anew.
    state = "waiting" if row is None else str(row[0])
    if state == "failed":
        settle(connection, failure.session_id)
    return state


def postpone(connection: Connection, session_ids: Sequence[str], *, reason: str, retry_after: timedelta) -> None:
    """The conversations are due again after a while and say why they wait; no try is counted."""
    connection.execute(
        _sql("put_enrichments_off"),
        {"session_ids": list(session_ids), "reason": reason, "retry_after": retry_after},
    )


def failed_ids(connection: Connection, *, limit: int) -> list[UUID]:
    """The conversations the hosted engine has given up, newest first."""
    return [row[0] for row in connection.execute(_sql("failed_enrichments"), {"limit": limit}).fetchall()]


def rule_out_member(connection: Connection, member_id: UUID) -> None:
    """Nothing of the member's that still waits is sent to the provider."""
    connection.execute(_sql("rule_out_member"), {"member_id": member_id})


def behind(connection: Connection, *, grace: timedelta) -> Behind:
    """What was given up, and what has waited for longer than `grace`."""
    with connection.cursor(row_factory=class_row(Behind)) as cursor:
        found = cursor.execute(_sql("enrichments_behind"), {"grace": grace}).fetchone()
    assert found is not None
    return found


def _sql(block: str) -> LiteralString:
    return queries("enrichments")[block]
