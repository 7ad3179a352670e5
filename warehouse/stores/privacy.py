"""Forgets words, shows a member all that is kept of them, and erases them.

SQL is in `queries/privacy.sql`. Transactions are the caller's: words go with whatever else happens to
their session, or not at all.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection, sql
from psycopg.rows import dict_row, namedtuple_row
from psycopg.types.json import Jsonb

from jarvis.consents import HOSTED_PURPOSE
from warehouse.sql import queries
from warehouse.stores import enrichments

# In the order that later steps need: alerts know their session's turns by id, requests their alert.
_FORGETTING = (
    "forget_quotes",
    "forget_request_alerts",
    "forget_requests",
    "forget_turns",
    "forget_events",
    "forget_tool_calls",
    "forget_summaries",
    "forget_action_items",
    "forget_paid_replies",
)

# Derived from the words beside them, and of no use to a person who asks what is kept.
_DERIVED = ["embedding", "search_words"]


class UnknownMember(LookupError):
    """No member has this id; the message names it and what to look for."""


class MemberIsTalking(RuntimeError):
    """A session of the member is open; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What an erasure did: nothing in it tells who the member was."""

    member_id: UUID
    gym_id: UUID
    erased_at: datetime
    rows: Mapping[str, int]
    """Table name to the number of rows that named the member or one of their sessions before."""
    sha256: str
    """Of the export that the member would have got at this moment."""


def forget_words(connection: Connection, session_ids: Sequence[UUID], *, gym_ids: Sequence[UUID]) -> None:
    """Nothing tells what was said in these sessions; their times, labels, figures and turn ids stay.

    Args:
        connection: the pipeline's, in a transaction.
        session_ids: closed sessions.
        gym_ids: theirs, in any order.
    """
    if not session_ids:
        return
    parameters = {
        "session_ids": list(session_ids),
        "session_keys": [str(one) for one in session_ids],
        "gym_ids": sorted(set(gym_ids)),
    }
    for block in _FORGETTING:
        connection.execute(_sql(block), parameters)
    connection.execute(_sql("mark_forgotten"), parameters)


def forget_events(connection: Connection, session_ids: Sequence[UUID]) -> None:
    """The protocol's log of these sessions is gone; their words stay elsewhere."""
    connection.execute(_sql("forget_events"), {"session_ids": list(session_ids)})


def record_consent(
    connection: Connection, member_id: UUID, *, purpose: str, is_granted: bool, notice_version: str
) -> None:
    """What the member has said at the desk is on record, and holds at once where words still wait to be sent away.

    Raises:
        UnknownMember: no member has this id.
    """
    parameters = {
        "member_id": member_id,
        "purpose": purpose,
        "is_granted": is_granted,
        "notice_version": notice_version,
    }
    if connection.execute(_sql("record_consent"), parameters).fetchone() is None:
        raise UnknownMember(f"found no member {member_id}, expected the id of one: it is in gym_members_v2.id")
    if not is_granted and purpose == HOSTED_PURPOSE:
        enrichments.rule_out_member(connection, member_id)


def export_member(connection: Connection, member_id: UUID) -> dict[str, Any]:
    """All that is kept of a member: table name to its rows, the member's own and those of their sessions.

    Every table that names a member or a session is read, so a new one cannot be left out.

    Raises:
        UnknownMember: no member has this id.
    """
    _member(connection, member_id)
    return _all_kept(connection, member_id, [row.id for row in _sessions(connection, member_id)])


def erase_member(connection: Connection, member_id: UUID) -> Certificate:
    """The member is gone with every word of theirs; their sessions stay as nobody's, and the act is on record.

    Raises:
        UnknownMember: no member has this id.
        MemberIsTalking: a session of theirs is open.
    """
    member = _member(connection, member_id)
    sessions = _sessions(connection, member_id)
    if any(row.state != "closed" for row in sessions):
        raise MemberIsTalking(
            f"found an open session of member {member_id}, expected none: erase again once it is closed"
        )
    kept = _all_kept(connection, member_id, [row.id for row in sessions])
    forget_words(connection, [row.id for row in sessions], gym_ids=[member["gym_id"]])
    connection.execute(_sql("erase_member"), {"member_id": member_id})
    rows = {table: len(found) for table, found in kept.items()}
    digest = hashlib.sha256(_stable(kept).encode()).hexdigest()
    noted = connection.execute(
        _sql("note_erasure"),
        {
            "gym_id": member["gym_id"],
            "member_id": str(member_id),
            "details": Jsonb({"rows": rows, "sha256": digest}),
        },
    ).fetchone()
    assert noted is not None
    return Certificate(member_id, member["gym_id"], noted[0], rows, digest)


def _all_kept(connection: Connection, member_id: UUID, sessions: Sequence[UUID]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for table, column in _tables(connection):
        # What names their session or their alert alone is about the member as well.
        if column == "member_id":
            named = sql.SQL("kept.member_id = %(member_id)s")
        elif column == "session_id":
            named = sql.SQL("kept.session_id = any (%(session_ids)s::uuid[])")
        else:
            named = sql.SQL(
                "kept.alert_id in (select alerts.id from public.manager_alerts as alerts"
                " where alerts.member_id = %(member_id)s)"
            )
        rows = connection.execute(
            sql.SQL("select to_jsonb(kept) - %(derived)s::text[] from public.{} as kept where {}").format(
                sql.Identifier(table), named
            ),
            {"member_id": member_id, "session_ids": list(sessions), "derived": _DERIVED},
        ).fetchall()
        if rows:
            kept[table] = sorted((row[0] for row in rows), key=_stable)
    own = connection.execute(
        sql.SQL("select to_jsonb(kept) from public.gym_members_v2 as kept where id = %(member_id)s"),
        {"member_id": member_id},
    ).fetchone()
    assert own is not None
    return {"gym_members_v2": [own[0]], **kept}


def _member(connection: Connection, member_id: UUID) -> dict[str, Any]:
    with connection.cursor(row_factory=dict_row) as cursor:
        found = cursor.execute(_sql("find_member"), {"member_id": member_id}).fetchone()
    if found is None:
        raise UnknownMember(f"found no member {member_id}, expected the id of one: it is in gym_members_v2.id")
    return found


def _sessions(connection: Connection, member_id: UUID) -> list[Any]:
    with connection.cursor(row_factory=namedtuple_row) as cursor:
        return cursor.execute(_sql("sessions_of_member"), {"member_id": member_id}).fetchall()


def _tables(connection: Connection) -> list[tuple[str, str]]:
    rows = connection.execute(_sql("tables_about_members")).fetchall()
    return [(row[0], row[1]) for row in rows]


def _stable(value: object) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _sql(block: str) -> LiteralString:
    return queries("privacy")[block]
