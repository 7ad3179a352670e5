"""Reads what recent analyses and alerts rest on, for the asset checks. SQL is in `queries/evidence.sql`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import class_row

from jarvis.evidence import CLAIMED_FIELDS
from warehouse.sql import queries


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


def _broken(connection: Connection, block: str, window: timedelta, limit: int, **more: Any) -> BrokenClaims:
    rows = connection.execute(_sql(block), {"window": window, "limit": limit, **more}).fetchall()
    return BrokenClaims(rows[0][2] if rows else 0, tuple(BrokenClaim(row[0], row[1]) for row in rows))


def _sql(block: str) -> LiteralString:
    return queries("evidence")[block]
