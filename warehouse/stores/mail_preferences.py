"""Keeps what e-mails a person takes, and when.

SQL is in `queries/mail_preferences.sql`. The caller's transaction says who asks: a person reaches their own
choice, the operator's command line everybody's.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import time
from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection
from psycopg.rows import scalar_row

from jarvis.mail_kinds import MailKind
from warehouse.sql import queries

# Where nothing was chosen, as the table's own defaults.
_QUIET_FROM, _QUIET_UNTIL = time(20), time(7)


class UnknownRecipient(LookupError):
    """Nobody has this e-mail."""


@dataclass(frozen=True, slots=True)
class MailPreferences:
    """One person's choice."""

    unsubscribed_kinds: frozenset[MailKind] = frozenset()
    quiet_from: time = _QUIET_FROM
    quiet_until: time = _QUIET_UNTIL
    """On their gym's own clock; equal to `quiet_from` for no quiet hours."""


def of_person(connection: Connection[Any], user_id: UUID) -> MailPreferences:
    """What the person has chosen, or the defaults."""
    with connection.cursor(row_factory=_preferences) as cursor:
        return cursor.execute(_sql("of_person"), {"user_id": user_id}).fetchone() or MailPreferences()


def change_kinds(connection: Connection[Any], user_id: UUID, kinds: Collection[MailKind], *, is_wanted: bool) -> None:
    """The person takes these kinds from now on, or no longer; said twice it is the same.

    Raises:
        psycopg.errors.ForeignKeyViolation: there is no such person (any more).
    """
    parameters = {"user_id": user_id, "kinds": sorted(kinds), "is_wanted": is_wanted}
    connection.execute(_sql("change_kinds"), parameters)


def language_of(connection: Connection[Any], user_id: UUID) -> str | None:
    """The language the person chose, fr or en; None where they chose none, or are not there (any more)."""
    with connection.cursor(row_factory=scalar_row) as cursor:
        found: str | None = cursor.execute(_sql("language"), {"user_id": user_id}).fetchone()
    return found


def set_quiet_hours(connection: Connection[Any], user_id: UUID, *, quiet_from: time, quiet_until: time) -> None:
    """Nobody writes to the person between these hours; the same hour twice is no quiet at all."""
    parameters = {"user_id": user_id, "quiet_from": quiet_from, "quiet_until": quiet_until}
    connection.execute(_sql("set_quiet_hours"), parameters)


def user_of(connection: Connection, email: str) -> UUID:
    """The user of an e-mail address.

    Raises:
        UnknownRecipient: there is none.
    """
    row = connection.execute(_sql("find_user"), {"email": email}).fetchone()
    if row is None:
        raise UnknownRecipient("found no user with this e-mail, expected somebody who signs in to the dashboards")
    found: UUID = row[0]
    return found


def _preferences(cursor: Any) -> Any:
    return lambda row: MailPreferences(frozenset(MailKind(one) for one in row[0]), row[1], row[2])


def _sql(block: str) -> LiteralString:
    return queries("mail_preferences")[block]
