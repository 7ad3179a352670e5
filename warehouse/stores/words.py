"""Keeps a gym's storage level, and the words of a session as that level has them.

SQL is in `queries/words.sql`. Every place where words of a session rest is named here once, in `_PLACES` or in what
`privacy.forget_words` forgets. What is taken out of a text is the caller's (`orchestration/words.py`); so are
transactions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb

from jarvis.storage import StorageLevel, with_words
from warehouse.sql import queries
from warehouse.stores import gyms, privacy
from warehouse.stores.conversations import padded_vector

# An analysis that has not come by then will not come: what was said does not wait for it.
LONGEST_WAIT = timedelta(days=7)
# A gateway's journal that is replayed later than this is thrown away by hand.
JOURNALS_FOR = timedelta(days=30)

# Block that reads a place, block that writes it back; alerts last, whose quotes are copied from the turns.
_PLACES: tuple[tuple[str, str], ...] = (
    ("turns", "save_turn_words"),
    ("tool_calls", "save_tool_call"),
    ("summaries", "save_summary"),
    ("action_items", "save_action_item"),
    ("requests", "save_request"),
    ("goals", "save_goal"),
    ("alerts", "save_alert"),
)
_JSON = frozenset({"arguments", "output", "action_items", "issues"})


@dataclass(frozen=True, slots=True)
class GymStorage:
    """A gym's level, and how many of its closed sessions stand where."""

    storage_level: str
    without_words: int
    redacted: int
    as_said: int


@dataclass(frozen=True, slots=True)
class UnsettledSession:
    """A closed session whose level keeps less than everything."""

    session_id: UUID
    gym_id: UUID
    storage_level: StorageLevel
    known_of_member: Sequence[str]
    """What is known of the member: names, e-mail address, phone."""


@dataclass(frozen=True, slots=True)
class PeoplesWords:
    """What people wrote about an alert that is over; None for what is at its level or was never written."""

    alert_id: UUID
    gym_id: UUID
    storage_level: StorageLevel
    notes: str | None
    message: str | None
    known_of_member: Sequence[str]
    """What is known of the member."""


def gym_storage(connection: Connection, *, gym_slug: str) -> GymStorage:
    """The gym's level and its sessions.

    Raises:
        GymNotFound: when no gym has this slug.
    """
    with connection.cursor(row_factory=class_row(GymStorage)) as cursor:
        found = cursor.execute(_sql("gym_storage"), {"slug": gym_slug}).fetchone()
    if found is None:
        raise gyms.not_found(connection, gym_slug)
    return found


def set_storage_level(connection: Connection, *, gym_slug: str, level: StorageLevel, is_past_too: bool) -> None:
    """The gym's next sessions are held under the level, on record; with `is_past_too` its earlier ones are lowered.

    Raises:
        GymNotFound: when no gym has this slug.
    """
    gym_storage(connection, gym_slug=gym_slug)
    row = connection.execute(_sql("set_storage_level"), {"slug": gym_slug, "level": level}).fetchone()
    if is_past_too and row is not None:
        lowered = connection.execute(_sql("lower_past_sessions"), {"slug": gym_slug, "level": level}).rowcount
        connection.execute(_sql("note_past_sessions"), {"gym_id": row[0], "level": level, "session_count": lowered})


def to_settle(connection: Connection, session_ids: Sequence[UUID]) -> list[UnsettledSession]:
    """Of these sessions, those whose level keeps less than everything."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_sql("sessions_to_settle"), {"session_ids": list(session_ids)}).fetchall()
    return [UnsettledSession(**{**row, "storage_level": StorageLevel(row["storage_level"])}) for row in rows]


def claim_left_behind(connection: Connection, *, batch_size: int) -> list[UUID]:
    """Sessions that no stage will settle any more, locked until the transaction ends."""
    parameters = {"batch_size": batch_size, "longest": LONGEST_WAIT, "journals_for": JOURNALS_FOR}
    return [row[0] for row in connection.execute(_sql("left_behind"), parameters).fetchall()]


def count_unsettled(connection: Connection, *, grace: timedelta) -> int:
    """How many sessions that closed more than `grace` ago keep more than their level allows."""
    row = connection.execute(_sql("count_unsettled"), {"grace": grace, "longest": LONGEST_WAIT}).fetchone()
    return 0 if row is None else int(row[0])


def claim_people_s_words(
    connection: Connection, *, batch_size: int, grace: timedelta = timedelta(0)
) -> list[PeoplesWords]:
    """Notes and messages that are not at their level `grace` after they were done with, locked until the end."""
    with connection.cursor(row_factory=dict_row) as cursor:
        rows = cursor.execute(_sql("people_s_words"), {"batch_size": batch_size, "grace": grace}).fetchall()
    return [PeoplesWords(**{**row, "storage_level": StorageLevel(row["storage_level"])}) for row in rows]


def save_people_s_words(connection: Connection, one: PeoplesWords, *, notes: str | None, message: str | None) -> None:
    """The note and the message stand so, though nobody else may change them any more."""
    connection.execute(_sql("redacting"))
    for block, text in (("save_notes", notes), ("save_message", message)):
        if text is not None:
            connection.execute(_sql(block), {"alert_id": one.alert_id, "gym_id": one.gym_id, "text": text})


def rewrite(connection: Connection, session: UnsettledSession, change: Callable[[str], str]) -> None:
    """Every text of the session is as `change` gives it, and its protocol log, which repeats each word, is gone."""
    parameters = {"session_id": session.session_id, "gym_id": session.gym_id}
    for reading, writing in _PLACES:
        with connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(_sql(reading), parameters).fetchall()
            cursor.executemany(_sql(writing), [{**_changed(row, change), **parameters} for row in rows])
    privacy.forget_events(connection, [session.session_id])


def save_vector(connection: Connection, session_id: UUID, vector: Sequence[float], *, model: str) -> None:
    """The session's vector is this one, where it was of the same model."""
    connection.execute(
        _sql("save_vector"), {"session_id": session_id, "embedding": padded_vector(vector), "embedding_model": model}
    )


def member_texts(connection: Connection, session_id: UUID) -> list[str]:
    """What the member said in the session, as it is kept now."""
    return [row[0] for row in connection.execute(_sql("member_texts"), {"session_id": session_id}).fetchall()]


def mark_redacted(connection: Connection, session_ids: Sequence[UUID]) -> None:
    """These sessions are at their level."""
    connection.execute(_sql("mark_redacted"), {"session_ids": list(session_ids)})


def forget(connection: Connection, sessions: Sequence[UnsettledSession]) -> None:
    """Nothing tells what was said in these sessions, and nobody waits for their analysis any more."""
    session_ids = [one.session_id for one in sessions]
    connection.execute(_sql("neutral_goals"), {"session_ids": session_ids})
    privacy.forget_words(connection, session_ids, gym_ids=[one.gym_id for one in sessions])
    connection.execute(_sql("give_up_unread"), {"session_ids": session_ids})
    connection.execute(_sql("rule_out_enrichment"), {"session_ids": session_ids})


def _changed(row: Mapping[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    """The row with its texts changed; JSON goes back as JSON, SQL's null as null."""
    changed = {name: with_words(value, change) if name != "id" else value for name, value in row.items()}
    return {name: Jsonb(value) if name in _JSON and row[name] is not None else value for name, value in changed.items()}


def _sql(block: str) -> LiteralString:
    return queries("words")[block]
