"""Reads the conversations whose labels people have looked at, with their words and the labels that hold.

SQL is in `queries/golden.sql`. A session whose words are not kept is not here: nobody could compare anything on it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import dict_row

from jarvis.conversations import Role
from jarvis.corrections import LabelField
from warehouse.sql import queries


@dataclass(frozen=True, slots=True)
class JudgedTurn:
    """One turn as it was heard."""

    turn_id: str
    role: Role
    text: str
    labels: Mapping[str, Any] | None
    """sentiment_label, emotion and intents where a person has looked at all three; else None."""


@dataclass(frozen=True, slots=True)
class JudgedSession:
    """One conversation with the labels that are shown."""

    session_id: str
    language: str
    turns: tuple[JudgedTurn, ...]
    labels: Mapping[LabelField, Any]
    judged: frozenset[LabelField]
    """The labels of the whole conversation that a person has corrected or confirmed."""
    engine_version: str
    known_of_member: tuple[str, ...]


def judged_sessions(
    connection: Connection, *, limit: int | None, gym_slug: str | None = None
) -> Sequence[JudgedSession]:
    """The conversations whose words are kept, the latest judged first; of every gym, or of one."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(queries("golden")["judged_sessions"], {"limit": limit, "gym_slug": gym_slug}).fetchall()
        turns: dict[UUID, list[JudgedTurn]] = {row["session_id"]: [] for row in rows}
        cursor.execute(
            queries("golden")["judged_turns"],
            {"session_ids": list(turns), "gym_ids": list({row["gym_id"] for row in rows})},
        )
        for turn in cursor:
            turns[turn["session_id"]].append(_turn(turn))
    sessions = [_session(row, turns[row["session_id"]]) for row in rows]
    return [one for one in sessions if any(turn.role is Role.MEMBER for turn in one.turns)]


def _turn(row: Mapping[str, Any]) -> JudgedTurn:
    labels = {name: row[name] for name in ("sentiment_label", "emotion", "intents")} if row["is_judged"] else None
    return JudgedTurn(row["turn_id"], Role(row["role"]), row["text"], labels)


def _session(row: Mapping[str, Any], turns: Sequence[JudgedTurn]) -> JudgedSession:
    return JudgedSession(
        session_id=str(row["session_id"]),
        language=row["language"],
        turns=tuple(turns),
        labels={field: row[field] for field in LabelField},
        judged=frozenset(map(LabelField, row["judged_fields"])),
        engine_version=row["engine_version"],
        known_of_member=tuple(row["known_of_member"]),
    )
