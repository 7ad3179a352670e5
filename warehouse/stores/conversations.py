"""Keeps conversation summaries: the queue of closed sessions and what the analysis says of each.

SQL is in `queries/conversations.sql`. Transactions are the caller's: a claim holds its rows until
the transaction that writes their effects ends, so that both happen or neither does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from itertools import count
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb

from jarvis.action_items import KeptItem, merged
from jarvis.conversations import ActionItem, Analysis, AnalysisFailure, Conversation, Role, Turn
from warehouse.sql import queries

EMBEDDING_DIMENSIONS = 1536

MAX_ATTEMPTS = 3
# Multiplied by four with each try: 5 s, 20 s, then the session is parked.
RETRY_AFTER = timedelta(seconds=5)

# An analysis that no later stage has read by then was left behind by a crash.
STAGE_GRACE = timedelta(seconds=10)


class UnknownSession(LookupError):
    """No closed session of this id may be analysed."""


@dataclass(frozen=True, slots=True)
class ParkedSession:
    """A session that a stage has given up."""

    session_id: UUID
    stage: str
    """conversations, members or alerts."""
    attempts: int
    reason: str
    queued_at: datetime


def claim_due(connection: Connection, *, batch_size: int) -> list[Conversation]:
    """The next due conversations, locked until the transaction ends; nobody else gets them meanwhile."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_sql("claim_due"), {"batch_size": batch_size}).fetchall()
    return with_turns(connection, rows)


def with_turns(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> list[Conversation]:
    """The claimed sessions with what was said in each.

    Args:
        rows: session_id, gym_id, language, known_of_member and keeps_health of each.
    """
    if not rows:
        return []
    with connection.cursor(row_factory=dict_row) as cursor:
        turns = cursor.execute(
            _sql("turns_of_sessions"),
            {"session_ids": [row["session_id"] for row in rows], "gym_ids": [row["gym_id"] for row in rows]},
        ).fetchall()
    spoken: dict[UUID, list[Turn]] = {row["session_id"]: [] for row in rows}
    for turn in turns:
        spoken[turn["session_id"]].append(Turn(turn_id=str(turn["id"]), role=Role(turn["role"]), text=turn["text"]))
    return [
        Conversation(
            session_id=str(row["session_id"]),
            language=row["language"],
            turns=tuple(spoken[row["session_id"]]),
            known_of_member=tuple(row["known_of_member"]),
            keeps_health=row["keeps_health"],
        )
        for row in rows
    ]


def save_analysis(connection: Connection, analysis: Analysis, *, is_enrichment: bool = False) -> bool:
    """The summary, the labels of its turns, its action items and its embedding are written.

    The one writer of a conversation's labels, whichever tier they come from; the database puts a person's corrections
    over what is written here (migration 0140), and what people took up of the action items stays.

    Args:
        is_enrichment: the fields replace those of the local engine, whose vector stays: questions are compared in
            that model's space.

    Returns:
        False when an enrichment came too late, for a session that waits for none any more: nothing is written.
    """
    with connection.cursor() as cursor:
        written = cursor.execute(
            _sql("save_analysis"),
            {
                "session_id": analysis.session_id,
                "summary": analysis.summary,
                "key_topics": list(analysis.key_topics),
                "sentiment_score": round(analysis.sentiment_score, 2),
                "sentiment_label": analysis.sentiment_label,
                "sentiment_shift": analysis.sentiment_shift,
                "satisfaction": analysis.satisfaction,
                "emotion": analysis.emotion,
                "intents": list(analysis.intents),
                "outcome": analysis.outcome,
                "action_items": Jsonb([_action_item(item) for item in analysis.action_items]),
                "evidence": Jsonb({field: list(turn_ids) for field, turn_ids in analysis.evidence.items()}),
                "issues": Jsonb([asdict(issue) for issue in analysis.issues]),
                "embedding": None if is_enrichment else padded_vector(analysis.embedding),
                "embedding_model": None if is_enrichment else analysis.embedding_model,
                "is_enrichment": is_enrichment,
                "engine": analysis.engine,
                "engine_version": analysis.engine_version,
                "prompt_version": analysis.prompt_version,
                "tokens": analysis.tokens,
                "cost_usd": analysis.cost_usd,
            },
        ).rowcount
        if not written and is_enrichment:
            return False
        cursor.executemany(
            _sql("save_turn_labels"),
            [
                {
                    "session_id": analysis.session_id,
                    "turn_id": turn.turn_id,
                    "sentiment_score": round(turn.sentiment_score, 2),
                    "sentiment_label": turn.sentiment_label,
                    "emotion": turn.emotion,
                    "intents": list(turn.intents),
                }
                for turn in analysis.turns
            ],
        )
    _save_action_items(connection, analysis)
    return True


def save_failure(connection: Connection, failure: AnalysisFailure) -> str:
    """The failed try is counted; the session's new status: pending again later, parked, or skipped for good."""
    row = connection.execute(
        _sql("save_failure"),
        {
            "session_id": failure.session_id,
            "reason": failure.reason,
            "is_permanent": failure.is_permanent,
            "max_attempts": MAX_ATTEMPTS,
            "retry_after": RETRY_AFTER,
        },
    ).fetchone()
    if row is None:
        raise UnknownSession(f"session {failure.session_id}: found no summary row, expected the one that was claimed")
    return str(row[0])


def postpone(connection: Connection, session_ids: Sequence[str], *, reason: str, retry_after: timedelta) -> None:
    """The sessions are due again after a while; no try is counted, because the engine failed and not they."""
    connection.execute(
        _sql("postpone"), {"session_ids": list(session_ids), "reason": reason, "retry_after": retry_after}
    )


def request_reanalysis(connection: Connection, session_id: str) -> int:
    """The session is queued again, whatever became of it before; how often it has been asked for.

    Raises:
        UnknownSession: when it is unknown, still open or without words, or its member did not agree to the analysis.
    """
    row = connection.execute(_sql("request_reanalysis"), {"session_id": session_id}).fetchone()
    if row is None:
        raise UnknownSession(
            f"session {session_id}: found none that is closed, has words and may be analysed, "
            "expected the id of such a session"
        )
    return int(row[0])


def request_reanalysis_of_days(connection: Connection, *, first: date, last: date) -> int:
    """Every session that began on these days of its gym is queued again, if it may be analysed; how many."""
    return connection.execute(_sql("request_reanalysis_of_days"), {"first": first, "last": last}).rowcount


def has_due(connection: Connection) -> bool:
    """True when a due session waits that no transaction holds."""
    return connection.execute(_sql("due_session_ids"), {"batch_size": 1}).fetchone() is not None


def are_stages_behind(connection: Connection) -> bool:
    """True when an analysed session was left behind between two stages."""
    row = connection.execute(_sql("stages_behind"), {"grace": STAGE_GRACE}).fetchone()
    return bool(row and row[0])


def seconds_until_next_due(connection: Connection) -> float | None:
    """How long until a postponed session is due; None when none is postponed."""
    row = connection.execute(_sql("seconds_until_next_due")).fetchone()
    return None if row is None or row[0] is None else float(row[0])


def listen(connection: Connection) -> None:
    """Notifications of closed sessions arrive on this autocommit connection from now on."""
    connection.execute(_sql("listen"))


def wait_for_closed_session(connection: Connection, *, timeout_seconds: float) -> bool:
    """True as soon as a session closes, False when none did in time; needs `listen` first."""
    return any(True for _ in connection.notifies(timeout=timeout_seconds, stop_after=1))


def count_sessions_without_summary(connection: Connection) -> int:
    """How many closed sessions were never queued."""
    return _count(connection, "sessions_without_summary", {})


def parked_sessions(connection: Connection, *, limit: int) -> list[ParkedSession]:
    """The sessions that a stage has given up, newest first."""
    with connection.cursor(row_factory=class_row(ParkedSession)) as cursor:
        return cursor.execute(_sql("parked_sessions"), {"limit": limit}).fetchall()


def count_parked(connection: Connection) -> int:
    """How many sessions a stage has given up."""
    return _count(connection, "parked_count", {})


def retry_stages(connection: Connection, session_ids: Sequence[UUID]) -> int:
    """What the members or the alerts stage had given up of these is theirs again; how many sessions that were."""
    return connection.execute(_sql("retry_stages"), {"session_ids": list(session_ids)}).rowcount


def padded_vector(values: Sequence[float]) -> str:
    """The vector as pgvector reads it, filled with zeros to 1536 dimensions; cosine is unchanged.

    Raises:
        ValueError: when it is longer than that.
    """
    if len(values) > EMBEDDING_DIMENSIONS:
        raise ValueError(f"found an embedding of {len(values)} numbers, expected at most {EMBEDDING_DIMENSIONS}")
    numbers = [f"{value:.7g}" for value in values] + ["0"] * (EMBEDDING_DIMENSIONS - len(values))
    return f"[{','.join(numbers)}]"


def _save_action_items(connection: Connection, analysis: Analysis) -> None:
    """What somebody should do stands once: what people took up stays as it is, the rest is the new analysis's."""
    session = {"session_id": analysis.session_id}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_sql("action_items"), session).fetchall()
        kept = [
            KeptItem(
                id=row["id"],
                item=ActionItem(row["text"], row["owner"], tuple(row["source_turn_ids"])),
                is_taken_up=row["is_taken_up"],
            )
            for row in rows
        ]
        # Those written again too: their places may change.
        untouched = [one.id for one in kept if not one.is_taken_up]
        cursor.execute(_sql("forget_action_items"), {**session, "ids": untouched})
        taken = {row["position"] for row in rows if row["is_taken_up"]}
        free = (position for position in count() if position not in taken)
        made_at = {row["id"]: row["created_at"] for row in rows}
        cursor.executemany(
            _sql("save_action_item"),
            [
                {**session, "id": id, "position": position, "created_at": made_at.get(id), **_action_item(item)}
                for position, (id, item) in zip(free, merged(kept, analysis.action_items), strict=False)
            ],
        )


def _action_item(item: ActionItem) -> dict[str, object]:
    return {"text": item.text, "owner": item.owner, "source_turn_ids": list(item.source_turn_ids)}


def _count(connection: Connection, block: str, parameters: dict[str, object]) -> int:
    row = connection.execute(_sql(block), parameters).fetchone()
    return 0 if row is None else int(row[0])


def count_failed_try(connection: Connection, statement: LiteralString, session_id: UUID, *, reason: str) -> bool:
    """A later stage's failed try of a conversation is counted, and it waits for the next one; True: that was the last.

    Args:
        statement: the stage's own, which says which columns count.
    """
    parameters = {
        "session_id": session_id,
        "reason": reason,
        "max_attempts": MAX_ATTEMPTS,
        "retry_after": RETRY_AFTER,
    }
    row = connection.execute(statement, parameters).fetchone()
    return bool(row and row[0])


def _sql(block: str) -> LiteralString:
    return queries("conversations")[block]
