"""Keeps the manager's alerts: findings in, one open alert per cause out.

SQL is in `queries/alerts.sql`, the rules in `jarvis/alerts.py`. Transactions are the caller's.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb

from jarvis.alert_causes import RaisedAlert
from jarvis.alert_thresholds import held
from jarvis.alert_upkeep import CAUSE_ENDED
from jarvis.alerts import MILESTONE_FRESH_FOR, Alert, Finding, SaidTurn
from jarvis.conversations import Emotion, Intent, Issue, Sentiment, Topic
from warehouse.sql import queries
from warehouse.stores.conversations import count_failed_try


@dataclass(frozen=True, slots=True)
class Claim:
    """The conversations that were claimed."""

    findings: tuple[Finding, ...]
    unreadable: Mapping[UUID, str]
    """Session id to what is wrong with its row; never a word of it."""
    corrected: frozenset[UUID] = frozenset()
    """Sessions of which a person has corrected or confirmed a label."""

    def __len__(self) -> int:
        return len(self.findings) + len(self.unreadable)


def claim_unalerted(connection: Connection, *, batch_size: int) -> Claim:
    """Conversations whose alerts nobody has weighed yet, locked until the transaction ends."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            _sql("claim_unalerted"), {"batch_size": batch_size, "milestone_fresh_for": MILESTONE_FRESH_FOR}
        ).fetchall()
        if not rows:
            return Claim((), {})
        turns = cursor.execute(
            _sql("member_turns_of_sessions"),
            {"session_ids": [row["session_id"] for row in rows], "gym_ids": [row["gym_id"] for row in rows]},
        ).fetchall()
    said: dict[UUID, list[dict[str, Any]]] = {row["session_id"]: [] for row in rows}
    for turn in turns:
        said[turn["session_id"]].append(turn)
    findings: list[Finding] = []
    unreadable: dict[UUID, str] = {}
    for row in rows:
        try:
            findings.append(read_finding(row, tuple(read_turn(turn) for turn in said[row["session_id"]])))
        except (LookupError, TypeError, ValueError) as error:
            # What JSON the columns hold is not checked by the database.
            unreadable[row["session_id"]] = f"the analysis could not be read: {type(error).__name__}"
    return Claim(
        tuple(findings), unreadable, corrected=frozenset(row["session_id"] for row in rows if row["is_corrected"])
    )


def raised_before(connection: Connection, session_ids: Sequence[UUID]) -> list[RaisedAlert]:
    """What earlier looks at these conversations have raised; of those looked at for the first time, nothing."""
    with connection.cursor(row_factory=class_row(RaisedAlert)) as cursor:
        return cursor.execute(_sql("raised_before"), {"session_ids": list(session_ids)}).fetchall()


def issues_handed_on(connection: Connection, findings: Sequence[Finding]) -> dict[UUID, list[Issue]]:
    """What the assistant reported as wrong in the gym, by session; none for one in which it reported nothing."""
    rows = connection.execute(
        _sql("issues_handed_on"),
        {"session_ids": [one.session_id for one in findings], "gym_ids": list({one.gym_id for one in findings})},
    ).fetchall()
    found: dict[UUID, list[Issue]] = {}
    for session_id, topic, machine, zone in rows:
        found.setdefault(session_id, []).append(Issue(Topic(topic), machine, zone, ()))
    return found


def handed_on_sessions(connection: Connection, session_ids: Sequence[UUID]) -> frozenset[UUID]:
    """Of these sessions, those during which the assistant's tools handed something on to the staff."""
    if not session_ids:
        return frozenset()
    rows = connection.execute(_sql("handed_on_sessions"), {"session_ids": list(session_ids)}).fetchall()
    return frozenset(session_id for (session_id,) in rows)


def reword_handed_on(connection: Connection, finding: Finding, change: Callable[[str], str]) -> int:
    """What the assistant's tools handed on during the talk stands as `change` gives it; how many texts changed.

    Of an alert that rests on several talks, only the quotes of this one.
    """
    own = {str(turn.turn_id) for turn in finding.turns}
    session = {"gym_id": finding.gym_id, "session_id": finding.session_id}
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_sql("handed_on"), session).fetchall()
    changed = 0
    for row in rows:
        text = row["text"] and change(row["text"])
        turns = [
            {**turn, "text": change(turn["text"])} if turn["turn_id"] in own else turn for turn in row["turns"] or []
        ]
        if (text, turns) != (row["text"], row["turns"] or []):
            block = "reword_alert" if row["held_in"] == "manager_alerts" else "reword_request"
            parameters = {"gym_id": finding.gym_id, "id": row["id"], "text": text, "turns": Jsonb(turns)}
            changed += connection.execute(_sql(block), parameters).rowcount
    return changed


def raise_alert(connection: Connection, alert: Alert) -> int:
    """The alert is open, or folded into the open one of its cause: 1; 0 when its cause was dealt with lately."""
    return connection.execute(_sql("raise_alert"), _parameters(alert)).rowcount


def end_alert(
    connection: Connection, *, gym_id: UUID, dedup_key: str, note: str, outcome_code: str = CAUSE_ENDED
) -> int:
    """The open alert of a cause that has ended is resolved by the system, with a note of why: how many, 1 or 0."""
    parameters = {"gym_id": gym_id, "dedup_key": dedup_key, "note": note, "outcome_code": outcome_code}
    return connection.execute(_sql("end_alert"), parameters).rowcount


def mark_unfounded(connection: Connection, finding: Finding, founded: Sequence[Alert]) -> int:
    """The session's open alerts say whether its corrected labels still give reason for them; how many changed.

    None is closed: what a manager has seen, a manager closes.
    """
    parameters = {
        "gym_id": finding.gym_id,
        "session_id": finding.session_id,
        "founded_keys": [alert.dedup_key for alert in founded],
    }
    return connection.execute(_sql("mark_unfounded"), parameters).rowcount


def mark_alerted(connection: Connection, session_ids: Sequence[UUID]) -> None:
    """The conversations' alerts are raised and will not be weighed again."""
    connection.execute(_sql("mark_alerted"), {"session_ids": list(session_ids)})


def put_off(connection: Connection, session_id: UUID, *, reason: str) -> bool:
    """The failed try is counted and the conversation waits for the next one; True when that was the last."""
    return count_failed_try(connection, _sql("put_off_alerts"), session_id, reason=reason)


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
                "session_ids": [] if alert.session_id is None else [str(alert.session_id)],
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


def read_turn(row: Mapping[str, Any]) -> SaidTurn:
    """A turn as the rules read it."""
    return SaidTurn(
        turn_id=row["turn_id"],
        text=row["text"],
        said_at=row["said_at"],
        sentiment_score=row["sentiment_score"],
        sentiment_label=None if row["sentiment_label"] is None else Sentiment(row["sentiment_label"]),
        intents=tuple(Intent(intent) for intent in row["intents"] or []),
    )


def read_finding(row: Mapping[str, Any], turns: tuple[SaidTurn, ...]) -> Finding:
    """A conversation as the rules read it, with its member's turns."""
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
        total_visits=row["total_visits"],
        visits_before_fresh=row["visits_before_fresh"],
        keeps_health=row["keeps_health"],
        milestones=held(row).milestones,
    )


def _sql(block: str) -> LiteralString:
    return queries("alerts")[block]
