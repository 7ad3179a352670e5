"""Reads what recent analyses and alerts rest on, for the asset checks, and keeps what they find with the analyses.

SQL is in `queries/evidence.sql`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from jarvis.evidence import CLAIMED_FIELDS
from warehouse.sql import queries


class Fault(StrEnum):
    """What a check found wrong of a claim."""

    NO_TURN = "no_turn"
    TURN_NOT_FOUND = "turn_not_found"
    QUOTE_NOT_SAID = "quote_not_said"
    ALERT_QUOTE_NOT_SAID = "alert_quote_not_said"


@dataclass(frozen=True, slots=True)
class BrokenClaim:
    """A claim that does not rest on what it should."""

    session_id: UUID
    claim: str
    """`summary`, `key_topics.billing`, `action_items.1`; `tasks.1` is the first of the list the team works through."""


@dataclass(frozen=True, slots=True)
class BrokenClaims:
    """How many there are, and the first ones."""

    total: int
    first: tuple[BrokenClaim, ...]


@dataclass(frozen=True, slots=True)
class SummaryWords:
    """A summary that quotes somebody."""

    session_id: UUID
    summary_text: str
    said: Sequence[str]
    """The turns it cites."""
    known: Sequence[str]
    """What is known of the member, which quotes leave out."""


@dataclass(frozen=True, slots=True)
class AlertQuote:
    """A quote of an alert that is not, letter by letter, its turn."""

    alert_id: UUID
    session_id: UUID | None
    """The conversation the alert was raised for."""
    turn_id: str | None
    quote: str | None
    said: str | None
    """None where the turn is not there, or belongs to no session of the alert."""
    known: Sequence[str]


def claims_without_turns(connection: Connection, *, window: timedelta, limit: int) -> BrokenClaims:
    """Claims of the analyses of the window that cite nothing."""
    return _broken(connection, "claims_without_turns", window, limit, fields=list(CLAIMED_FIELDS))


def turns_not_found(connection: Connection, *, window: timedelta, limit: int) -> BrokenClaims:
    """Claims of the analyses of the window that cite a turn their session does not have, one a citation."""
    return _broken(connection, "turns_not_found", window, limit)


def summary_words(connection: Connection, *, window: timedelta, limit: int) -> list[SummaryWords]:
    """The newest summaries of the window that hold a quotation mark."""
    with connection.cursor(row_factory=class_row(SummaryWords)) as cursor:
        return cursor.execute(_sql("summary_quotes"), {"window": window, "limit": limit}).fetchall()


def alert_quotes(connection: Connection, *, window: timedelta, limit: int) -> list[AlertQuote]:
    """The newest quotes of alerts changed in the window that are not word for word their turn."""
    with connection.cursor(row_factory=class_row(AlertQuote)) as cursor:
        return cursor.execute(_sql("alert_quotes"), {"window": window, "limit": limit}).fetchall()


def record(connection: Connection, fault: Fault, found: Sequence[BrokenClaim], *, window: timedelta) -> int:
    """What the check found of the window stands with the analyses, and only that; how many rows changed."""
    return connection.execute(
        _sql("record_unfounded"),
        {
            "kind": fault,
            "session_ids": [broken.session_id for broken in found],
            "claims": [broken.claim for broken in found],
            "window": window,
        },
    ).rowcount


def _broken(connection: Connection, block: str, window: timedelta, limit: int, **more: Any) -> BrokenClaims:
    rows = connection.execute(_sql(block), {"window": window, "limit": limit, **more}).fetchall()
    return BrokenClaims(rows[0][2] if rows else 0, tuple(BrokenClaim(row[0], row[1]) for row in rows))


def _sql(block: str) -> LiteralString:
    return queries("evidence")[block]
