"""Keeps the manager's alerts: findings in, one open alert per cause out.

SQL is in `queries/alerts.sql`, the rules in `jarvis/alerts.py`. Transactions are the caller's.
"""

from collections.abc import Sequence
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from jarvis.alerts import MILESTONE_FRESH_FOR, Alert, Finding, SaidTurn
from jarvis.conversations import Emotion, Intent, Issue, Sentiment, Topic
from warehouse.sql import queries


def claim_unalerted(connection: Connection, *, batch_size: int) -> list[Finding]:
    """Conversations whose alerts nobody has weighed yet, locked until the transaction ends."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            _sql("claim_unalerted"), {"batch_size": batch_size, "milestone_fresh_for": MILESTONE_FRESH_FOR}
        ).fetchall()
        if not rows:
            return []
        turns = cursor.execute(
            _sql("member_turns_of_sessions"),
            {"session_ids": [row["session_id"] for row in rows], "gym_ids": [row["gym_id"] for row in rows]},
        ).fetchall()
    said: dict[UUID, list[SaidTurn]] = {row["session_id"]: [] for row in rows}
    for turn in turns:
        said[turn["session_id"]].append(_said_turn(turn))
    return [_finding(row, tuple(said[row["session_id"]])) for row in rows]


def raise_alert(connection: Connection, alert: Alert) -> int:
    """The alert is open, or folded into the open one of its cause: 1; 0 when its cause was dealt with lately."""
    return connection.execute(_sql("raise_alert"), _parameters(alert)).rowcount


def mark_alerted(connection: Connection, session_ids: Sequence[UUID]) -> None:
    """The conversations' alerts are raised and will not be weighed again."""
    connection.execute(_sql("mark_alerted"), {"session_ids": list(session_ids)})


def count_feedback_without_words(connection: Connection) -> int:
    """How many negative-feedback alerts quote no turn that exists."""
    row = connection.execute(_sql("feedback_without_words")).fetchone()
    return 0 if row is None else int(row[0])


def _parameters(alert: Alert) -> dict[str, object]:
    return {
        "gym_id": alert.gym_id,
        "member_id": alert.member_id,
        "kiosk_id": alert.kiosk_id,
        "session_id": alert.session_id,
        "alert_type": alert.alert_type,
        "priority": alert.priority,
        "title": alert.title,
        "description": alert.description,
        "recommended_actions": Jsonb(list(alert.recommended_actions)),
        "context": Jsonb(
            {
                **dict(alert.details),
                "session_ids": [str(alert.session_id)],
                "turns": [
                    {"turn_id": turn.turn_id, "text": turn.text, "said_at": turn.said_at.isoformat()}
                    for turn in alert.turns
                ],
            }
        ),
        "dedup_key": alert.dedup_key,
        "occurred_at": alert.occurred_at,
        "cooldown": alert.cooldown,
    }


def _said_turn(row: dict[str, Any]) -> SaidTurn:
    return SaidTurn(
        turn_id=row["turn_id"],
        text=row["text"],
        said_at=row["said_at"],
        sentiment_score=row["sentiment_score"],
        sentiment_label=None if row["sentiment_label"] is None else Sentiment(row["sentiment_label"]),
        intents=tuple(Intent(intent) for intent in row["intents"] or []),
    )


def _finding(row: dict[str, Any], turns: tuple[SaidTurn, ...]) -> Finding:
    return Finding(
        gym_id=row["gym_id"],
        session_id=row["session_id"],
        kiosk_id=row["kiosk_id"],
        member_id=row["member_id"],
        occurred_at=row["occurred_at"],
        sentiment_score=row["sentiment_score"],
        sentiment_label=Sentiment(row["sentiment_label"]),
        emotion=Emotion(row["emotion_detected"]),
        topics=tuple(Topic(topic) for topic in row["key_topics"]),
        intents=tuple(Intent(intent) for intent in row["intents_detected"]),
        issues=tuple(
            Issue(
                topic=Topic(issue["topic"]),
                machine=issue["machine"],
                zone=issue["zone"],
                source_turn_ids=tuple(issue["source_turn_ids"]),
            )
            for issue in row["issues"] or []
        ),
        turns=turns,
        churn_risk_score=row["churn_risk_score"],
        churn_factors=_factor_words(row["churn_factors"]),
        total_visits=row["total_visits"],
        visits_before_fresh=row["visits_before_fresh"],
    )


def _factor_words(factors: object) -> tuple[str, ...]:
    """The factors' French words; each factor is a text, or an object that carries one as `text`."""
    if not isinstance(factors, list):
        return ()
    words = (factor.get("text") if isinstance(factor, dict) else factor for factor in factors)
    return tuple(word for word in words if isinstance(word, str))


def _sql(block: str) -> LiteralString:
    return queries("alerts")[block]
