"""Sessions of signed-in people: opened by a password, read on every request and script run, ended at will.

The cookie holds 256 random bits and nothing else; the database keeps their SHA-256. No answer is
remembered between two questions, so a revoked session or a suspended person is out at once.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol
from uuid import UUID

from dashboards.database import Database
from jarvis.tenancy import Scope, UserRole
from warehouse.sql import read_blocks

QUERIES = Path(__file__).with_name("queries.sql")
ACCOUNT_QUERIES = Path(__file__).with_name("accounts.sql")

# A working day without touching the page; the page's own refreshing does not count.
IDLE_LIMIT = timedelta(hours=8)

# Signing in once a day, whatever happens.
LIFETIME = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Account:
    """What is needed to check one password."""

    user_id: UUID
    password_hash: str
    is_open: bool
    """False while the account is closed by wrong passwords, or its person suspended."""


class SessionStore(Protocol):
    """What the sign-in, the gate and the pages need to know of sessions."""

    def begin_sign_in(self, email: str) -> Account | None:
        """The account of an e-mail, its try counted; None where there is none."""

    def fail_sign_in(self, user_id: UUID) -> None:
        """A wrong password is on record."""

    def open(self, user_id: UUID) -> str | None:
        """The token of a new session; None where the person may not have one."""

    def resolve(self, token: str, *, is_activity: bool) -> Scope | None:
        """Who holds the session; None where the token opens no door (any more)."""

    def revoke(self, token: str) -> None:
        """The token opens no door any more."""


class DatabaseSessions:
    """Sessions in Postgres, through the sign-in functions only."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._blocks = read_blocks(QUERIES)

    def begin_sign_in(self, email: str) -> Account | None:
        """The account of an e-mail, its try counted and committed; None where there is none."""
        with self._database.nobody() as connection:
            row = connection.execute(self._blocks["begin_sign_in"], {"email": email}).fetchone()
        return None if row is None else Account(row["user_id"], row["password_hash"], row["is_open"])

    def fail_sign_in(self, user_id: UUID) -> None:
        """A wrong password is in the audit trail."""
        with self._database.nobody() as connection:
            connection.execute(self._blocks["fail_sign_in"], {"user_id": user_id})

    def open(self, user_id: UUID) -> str | None:
        """The token of a new session; None where the person is suspended."""
        token = secrets.token_urlsafe(32)
        with self._database.nobody() as connection:
            row = connection.execute(
                self._blocks["open_session"],
                {"user_id": user_id, "token_hash": _hashed(token), "lifetime": LIFETIME},
            ).fetchone()
        return token if row is not None and row["is_open"] else None

    def resolve(self, token: str, *, is_activity: bool) -> Scope | None:
        """Who holds the session now.

        Args:
            token: the cookie's value.
            is_activity: True where a person did something; it puts the idle limit off.

        Returns:
            None where the session is unknown, revoked, past a limit, or its person suspended.
        """
        with self._database.nobody() as connection:
            row = connection.execute(
                self._blocks["resolve_session"],
                {"token_hash": _hashed(token), "idle_limit": IDLE_LIMIT, "is_activity": is_activity},
            ).fetchone()
        if row is None:
            return None
        return Scope(
            user_id=row["user_id"],
            role=UserRole(row["role"]),
            full_name=row["full_name"] or row["email"].split("@", 1)[0],
            gym_id=row["gym_id"],
            gym_name=row["gym_name"],
            franchise_id=row["franchise_id"],
            franchise_name=row["franchise_name"],
        )

    def revoke(self, token: str) -> None:
        """The token opens no door any more; an unknown one never did."""
        with self._database.nobody() as connection:
            connection.execute(self._blocks["revoke_session"], {"token_hash": _hashed(token)})


def _hashed(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
