"""Hybrid search over one gym's conversations: words and vectors, each ranked by the database, fused into one order.

SQL is in `queries/search.sql`. The caller's transaction carries the person (`as_user`), so row security decides
what there is; a member who did not agree to the analysis has no completed summary and is never found. Only
vectors of the question's own model are compared. Not here: the question's vector, and the answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row, tuple_row

from jarvis.conversations import Sentiment, Topic
from jarvis.search import Filters, FoundConversation, FoundTurn, fuse
from jarvis.storage import StorageLevel
from jarvis.tenancy import UserRole
from warehouse.sql import queries
from warehouse.stores.conversations import padded_vector

# Each ranking is read so deep; what is deeper in both is nothing's answer.
DEPTH = 50


class QuestionVector(NamedTuple):
    """Where the question stands, and in which model's space."""

    values: Sequence[float]
    model: str


class VisibleGym(NamedTuple):
    """A gym that may be asked about, and how much of what was said it keeps."""

    gym_id: UUID
    storage_level: StorageLevel


def person_to_ask_as(connection: Connection, *, slug: str, email: str | None) -> UUID | None:
    """The active person of this e-mail, or without one whoever manages the gym; needs an operator's connection."""
    row = connection.execute(queries("search")["person"], {"slug": slug, "email": email}).fetchone()
    return None if row is None else UUID(str(row[0]))


def role_of_asker(connection: Connection) -> UserRole | None:
    """The role of the person this transaction speaks for; None for a stranger and for who is suspended."""
    row = connection.execute(queries("search")["asker"]).fetchone()
    return None if row is None else UserRole(row[1])


def visible_gym(connection: Connection, slug: str) -> VisibleGym | None:
    """The gym of this slug; None where the person sees none."""
    row = connection.execute(queries("search")["gym"], {"slug": slug}).fetchone()
    return None if row is None else VisibleGym(UUID(str(row[0])), StorageLevel(row[1]))


def members_keeping_health(connection: Connection, gym_id: UUID) -> set[UUID]:
    """The members who agreed that what they say of their health is kept; none of a gym that the person does not see."""
    return {row[0] for row in connection.execute(queries("search")["health_keepers"], {"gym_id": gym_id})}


def search(
    connection: Connection[Any],
    gym_id: UUID,
    *,
    ideas: Sequence[str],
    vector: QuestionVector,
    filters: Filters,
    limit: int,
) -> list[FoundConversation]:
    """The conversations nearest to the question by its words and by its meaning, best first.

    Args:
        ideas: search expressions, one per idea of the question; may be empty.
    """
    weights = _weights(connection, gym_id, ideas)
    scope = {**asdict(filters), "gym_id": gym_id, "limit": DEPTH}
    by_words = _ids(connection, "by_words", {**scope, "ideas": list(weights), "weights": list(weights.values())})
    by_vector = _ids(
        connection,
        "by_vector",
        {**scope, "embedding": padded_vector(vector.values), "embedding_model": vector.model},
    )
    return _whole(connection, gym_id, fuse([by_words, by_vector])[:limit], weights)


def _weights(connection: Connection[Any], gym_id: UUID, ideas: Sequence[str]) -> dict[str, float]:
    """The ideas of the question and how much each tells apart in this gym."""
    scope = {"gym_id": gym_id, "ideas": list(ideas)}
    with connection.cursor(row_factory=tuple_row) as cursor:
        return {str(idea): float(weight) for idea, weight in cursor.execute(queries("search")["ideas"], scope)}


def _ids(connection: Connection[Any], block: str, parameters: Mapping[str, Any]) -> list[UUID]:
    with connection.cursor(row_factory=tuple_row) as cursor:
        return [row[0] for row in cursor.execute(queries("search")[block], parameters)]


def _whole(
    connection: Connection[Any], gym_id: UUID, session_ids: Sequence[UUID], weights: Mapping[str, float]
) -> list[FoundConversation]:
    """The conversations of these ids with their turns, in the order of the ids."""
    scope = {"gym_id": gym_id, "session_ids": list(session_ids)}
    turns: dict[UUID, list[FoundTurn]] = {}
    held: dict[UUID, set[str]] = {}
    all_weight = sum(weights.values()) or 1.0
    with connection.cursor(row_factory=dict_row) as cursor:
        for row in cursor.execute(queries("search")["turns"], {**scope, "ideas": list(weights)}):
            session_id, sentiment = row["session_id"], row["sentiment"]
            turns.setdefault(session_id, []).append(
                FoundTurn(
                    turn_id=row["turn_id"],
                    text=row["text"],
                    sentiment=None if sentiment is None else Sentiment(sentiment),
                    idea_share=sum(weights[idea] for idea in row["ideas"]) / all_weight,
                )
            )
            held.setdefault(session_id, set()).update(row["ideas"])
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = {row["session_id"]: row for row in cursor.execute(queries("search")["conversations"], scope)}
    return [
        FoundConversation(
            session_id=session_id,
            member_id=rows[session_id]["member_id"],
            said_on=rows[session_id]["said_on"],
            topics=tuple(Topic(topic) for topic in rows[session_id]["topics"]),
            sentiment=Sentiment(rows[session_id]["sentiment"]),
            known_of_member=tuple(rows[session_id]["known_of_member"]),
            turns=tuple(turns.get(session_id, ())),
            idea_share=sum(weights[idea] for idea in held.get(session_id, ())) / all_weight,
        )
        for session_id in session_ids
        if session_id in rows
    ]
