"""Reads past conversations with what an engine once said of them, for two engine versions to be compared on.

SQL is in `queries/comparison.sql`. Reads only. A person's corrections are not here: versions are compared as engines.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row

from jarvis.alerts import Finding
from jarvis.conversations import (
    Analysis,
    Conversation,
    Emotion,
    Intent,
    Issue,
    Outcome,
    Sentiment,
    Topic,
    TurnAnalysis,
)
from warehouse.sql import queries
from warehouse.stores.conversations import with_turns


@dataclass(frozen=True, slots=True)
class PastConversation:
    """One analysed conversation."""

    conversation: Conversation
    finding: Finding
    """Whose it is, with the stored labels."""
    stored: Analysis
    """What its engine said, without its vector; tokens and cost are of every hosted analysis it ever had."""


def past_conversations(
    connection: Connection, *, limit: int, gym_slug: str | None = None, since: date | None = None
) -> list[PastConversation]:
    """The latest analysed conversations whose words are kept, the latest first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(
            queries("comparison")["past_sessions"], {"limit": limit, "gym_slug": gym_slug, "since": since}
        ).fetchall()
        turns: dict[UUID, list[TurnAnalysis]] = {row["session_id"]: [] for row in rows}
        cursor.execute(
            queries("comparison")["labelled_turns"],
            {"session_ids": list(turns), "gym_ids": list({row["gym_id"] for row in rows})},
        )
        for turn in cursor:
            turns[turn["session_id"]].append(_turn(turn))
    spoken = with_turns(connection, rows)
    return [_past(row, conversation, turns[row["session_id"]]) for row, conversation in zip(rows, spoken, strict=True)]


def _turn(row: Mapping[str, Any]) -> TurnAnalysis:
    return TurnAnalysis(
        row["turn_id"],
        row["sentiment_score"] or 0.0,
        Sentiment(row["sentiment_label"]),
        Emotion(row["emotion"]),
        tuple(map(Intent, row["intents"] or ())),
    )


def _past(row: Mapping[str, Any], conversation: Conversation, turns: Sequence[TurnAnalysis]) -> PastConversation:
    stored = Analysis(
        session_id=conversation.session_id,
        summary=row["summary_text"],
        key_topics=tuple(map(Topic, row["topics"])),
        sentiment_score=row["sentiment_score"],
        sentiment_label=Sentiment(row["sentiment_label"]),
        emotion=Emotion(row["emotion"]),
        intents=tuple(map(Intent, row["intents"])),
        outcome=Outcome(row["outcome"]),
        action_items=(),
        evidence={name: tuple(cited) for name, cited in row["evidence"].items()},
        turns=tuple(turns),
        embedding=(),
        embedding_model="",
        engine=row["engine"],
        engine_version=row["engine_version"],
        tokens=row["tokens"],
        cost_usd=float(row["cost_usd"]),
        issues=tuple(
            Issue(Topic(one["topic"]), one["machine"], one["zone"], tuple(one["source_turn_ids"]))
            for one in row["issues"]
        ),
    )
    finding = Finding(
        gym_id=row["gym_id"],
        session_id=row["session_id"],
        kiosk_id=row["kiosk_id"],
        member_id=row["member_id"],
        occurred_at=row["occurred_at"],
        sentiment_score=stored.sentiment_score,
        sentiment_label=stored.sentiment_label,
        emotion=stored.emotion,
        topics=stored.key_topics,
        intents=stored.intents,
        issues=stored.issues,
        turns=(),
    )
    return PastConversation(conversation, finding, stored)
