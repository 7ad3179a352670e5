"""Keeps member analytics: the facts the rules read, and the row they give.

SQL is in `queries/members.sql`, the rules in `jarvis/members.py`. Transactions are the caller's.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, dict_row

from jarvis.conversations import Sentiment
from jarvis.members import MemberAnalytics, MemberFacts, PastConversation
from warehouse.sql import queries
from warehouse.stores.conversations import MAX_ATTEMPTS, RETRY_AFTER


@dataclass(frozen=True, slots=True)
class UncountedConversation:
    """An analysed conversation that no analytics contain yet."""

    session_id: UUID
    gym_id: UUID
    member_id: UUID | None


def claim_uncounted(connection: Connection, *, batch_size: int) -> list[UncountedConversation]:
    """Analysed conversations to count, locked until the transaction ends."""
    with connection.cursor(row_factory=class_row(UncountedConversation)) as cursor:
        return cursor.execute(_sql("claim_uncounted"), {"batch_size": batch_size}).fetchall()


def load_facts(connection: Connection, member_ids: Sequence[UUID]) -> list[MemberFacts]:
    """The members' facts as of now; the members stay locked against another recount until the transaction ends."""
    parameters = {"member_ids": list(member_ids)}
    # A statement of its own: the facts are read after the wait, with what the other batch has written.
    connection.execute(_sql("lock_members"), parameters)
    with connection.cursor(row_factory=dict_row) as cursor:
        return [_facts(row) for row in cursor.execute(_sql("member_facts"), parameters).fetchall()]


def save_analytics(connection: Connection, analytics: Sequence[MemberAnalytics]) -> None:
    """Each member's row is as given; churn columns stay as they are."""
    with connection.cursor() as cursor:
        cursor.executemany(_sql("save_analytics"), [asdict(one) for one in analytics])


def mark_counted(connection: Connection, session_ids: Sequence[UUID]) -> None:
    """The conversations are counted and will not be claimed again."""
    connection.execute(_sql("mark_counted"), {"session_ids": list(session_ids)})


def put_off(connection: Connection, session_id: UUID, *, reason: str) -> bool:
    """The failed try is counted and the conversation waits for the next one; True when that was the last."""
    parameters = {
        "session_id": session_id,
        "reason": reason,
        "max_attempts": MAX_ATTEMPTS,
        "retry_after": RETRY_AFTER,
    }
    row = connection.execute(_sql("put_off_count"), parameters).fetchone()
    return bool(row and row[0])


def count_analytics_behind(connection: Connection, *, grace: timedelta) -> int:
    """How many members' analytics are older than a conversation analysed more than `grace` ago."""
    row = connection.execute(_sql("analytics_behind"), {"grace": grace}).fetchone()
    return 0 if row is None else int(row[0])


def _facts(row: dict[str, Any]) -> MemberFacts:
    started = row["conversation_started_at"] or []
    return MemberFacts(
        gym_id=row["gym_id"],
        member_id=row["member_id"],
        conversations=tuple(
            PastConversation(
                started_at=started_at,
                duration_seconds=duration,
                sentiment_score=score,
                sentiment_label=None if label is None else Sentiment(label),
            )
            for started_at, duration, score, label in zip(
                started,
                row["durations_seconds"] or [],
                row["sentiment_scores"] or [],
                row["sentiment_labels"] or [],
                strict=True,
            )
        ),
        visits=tuple(row["visited_at"] or []),
        known_since=None if row["member_since"] is None else datetime.combine(row["member_since"], time(0), tzinfo=UTC),
    )


def _sql(block: str) -> LiteralString:
    return queries("members")[block]
