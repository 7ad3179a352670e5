"""Sessions of signed-in people: opened by a password, read on every request and script run, ended at will.

A token holds 256 random bits and nothing else, in the pages' cookie as in the API's header; the database
keeps their SHA-256. No answer is remembered between two questions, so a revoked session or a suspended
person is out at once. Passwords are checked two at a time, because argon2id is made to be slow and a burst
of tries must not stop everything else.
"""

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Any, Protocol, TypeVar
from uuid import UUID

import anyio
import anyio.to_thread
from psycopg import AsyncConnection

from jarvis.passwords import decoy_hash, hash_password, verify_password
from jarvis.tenancy import Scope, UserRole
from warehouse.people import Database
from warehouse.sql import queries

# A working day without touching the page; the page's own refreshing does not count.
IDLE_LIMIT = timedelta(hours=8)

# Signing in once a day, whatever happens.
LIFETIME = timedelta(hours=24)

# Well over one argon2id check and its queries: how long a refusal takes says nothing of its reason.
REFUSAL_SECONDS = 0.5

# Waiting tries past this are turned away: at 20 ms each on two threads, the last waits a third of a second.
MOST_WAITING = 32


Result = TypeVar("Result")


class TooManyTries(RuntimeError):
    """More passwords wait to be checked than will be in good time: come back in a moment."""


class Stage(StrEnum):
    """What a session is worth; the database checks the same list."""

    OPEN = "open"
    AWAITS_CODE = "awaits_code"
    """The password was right, and a code is due: it opens no page."""
    AWAITS_ENROLMENT = "awaits_enrolment"
    """The role asks for a second factor, and there is none yet: it opens no page but that one."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """From where somebody signs in, as the trail keeps it."""

    device: str | None = None
    """Such as « Firefox sous Linux »."""
    network: str | None = None
    """The network of their address, never the whole address."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session."""

    token: str
    stage: Stage


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

    def open(self, user_id: UUID, visitor: Visitor) -> Opened | None:
        """A new session; None where the person may not have one."""

    def resolve(self, token: str, *, is_activity: bool) -> Scope | None:
        """Who holds the session; None where the token opens no door (any more)."""

    def revoke(self, token: str) -> None:
        """The token opens no door any more."""


class DatabaseSessions:
    """Sessions in Postgres, through the sign-in functions only."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._blocks = queries("sign_in")

    def begin_sign_in(self, email: str) -> Account | None:
        """The account of an e-mail, its try counted and committed; None where there is none."""
        with self._database.nobody() as connection:
            row = connection.execute(self._blocks["begin_sign_in"], {"email": email}).fetchone()
        return None if row is None else Account(row["user_id"], row["password_hash"], row["is_open"])

    def fail_sign_in(self, user_id: UUID) -> None:
        """A wrong password is in the audit trail."""
        with self._database.nobody() as connection:
            connection.execute(self._blocks["fail_sign_in"], {"user_id": user_id})

    def open(self, user_id: UUID, visitor: Visitor) -> Opened | None:
        """A new session, which may wait for a code; None where the person is suspended."""
        token = new_token()
        with self._database.nobody() as connection:
            row = connection.execute(
                self._blocks["open_session"],
                {
                    "user_id": user_id,
                    "token_hash": hashed(token),
                    "lifetime": LIFETIME,
                    "device": visitor.device,
                    "network": visitor.network,
                },
            ).fetchone()
        return None if row is None or row["stage"] is None else Opened(token, Stage(row["stage"]))

    def resolve(self, token: str, *, is_activity: bool) -> Scope | None:
        """Who holds the session now.

        Args:
            token: the cookie's value.
            is_activity: True where a person did something; it puts the idle limit off.

        Returns:
            None where the session is unknown, revoked, past a limit, waits for a code, or its person is suspended.
        """
        with self._database.nobody() as connection:
            row = connection.execute(
                self._blocks["resolve_session"], _question(token, is_activity=is_activity)
            ).fetchone()
        return None if row is None else _scope(row)

    def revoke(self, token: str) -> None:
        """The token opens no door any more; an unknown one never did."""
        with self._database.nobody() as connection:
            connection.execute(self._blocks["revoke_session"], {"token_hash": hashed(token)})


class PasswordCheck:
    """Turns an e-mail and a password into a session, with one answer after one time for every refusal."""

    def __init__(self, sessions: SessionStore, *, refusal_seconds: float = REFUSAL_SECONDS) -> None:
        self._sessions = sessions
        self._refusal_seconds = refusal_seconds
        # Two at once: more would only take the cores from everything else.
        self._checkers = anyio.CapacityLimiter(2)
        self._waiting = 0

    async def session_for(self, email: str, password: str, visitor: Visitor) -> Opened | None:
        """A new session where the password is right; None, later, for every other reason.

        Raises:
            TooManyTries: when the queue is too long to wait in.
        """
        started = time.monotonic()
        opened = await self._in_turn(self._check, email, password, visitor)
        if opened is None:
            await anyio.sleep(max(0.0, started + self._refusal_seconds - time.monotonic()))
        return opened

    async def is_right(self, email: str, password: str, visitor: Visitor) -> bool:
        """True where the password is the account's, which is open; the answer takes as long as every refusal.

        Raises:
            TooManyTries: when the queue is too long to wait in.
        """
        started = time.monotonic()
        user_id = await self._in_turn(self._proven, email, password, visitor)
        if user_id is None:
            await anyio.sleep(max(0.0, started + self._refusal_seconds - time.monotonic()))
        return user_id is not None

    async def hash_of(self, password: str) -> str:
        """The hash of a new password, made in its turn.

        Raises:
            TooManyTries: when the queue is too long to wait in.
            PasswordRefused: when it is too short or too long.
        """
        return await self._in_turn(hash_password, password)

    async def _in_turn(self, work: Callable[..., Result], *arguments: object) -> Result:
        if self._waiting >= MOST_WAITING:
            raise TooManyTries(f"found {self._waiting} passwords waiting, expected fewer than {MOST_WAITING}")
        self._waiting += 1
        try:
            return await anyio.to_thread.run_sync(work, *arguments, limiter=self._checkers)
        finally:
            self._waiting -= 1

    def _check(self, email: str, password: str, visitor: Visitor) -> Opened | None:
        user_id = self._proven(email, password, visitor)
        return None if user_id is None else self._sessions.open(user_id, visitor)

    def _proven(self, email: str, password: str, visitor: Visitor) -> UUID | None:
        account = self._sessions.begin_sign_in(email)
        known_hash = decoy_hash() if account is None else account.password_hash
        is_right = verify_password(known_hash, password)
        if account is None or not account.is_open:
            return None
        if not is_right:
            self._sessions.fail_sign_in(account.user_id)
            return None
        return account.user_id


async def resolve_session(connection: AsyncConnection[dict[str, Any]], token: str) -> Scope | None:
    """Who holds the session now, as `DatabaseSessions.resolve` says for somebody's act, on an event loop."""
    cursor = await connection.execute(queries("sign_in")["resolve_session"], _question(token, is_activity=True))
    row = await cursor.fetchone()
    return None if row is None else _scope(row)


def _question(token: str, *, is_activity: bool) -> dict[str, Any]:
    return {"token_hash": hashed(token), "idle_limit": IDLE_LIMIT, "is_activity": is_activity}


def _scope(row: dict[str, Any]) -> Scope:
    return Scope(
        user_id=row["user_id"],
        role=UserRole(row["role"]),
        full_name=row["full_name"] or row["email"].split("@", 1)[0],
        gym_id=row["gym_id"],
        gym_name=row["gym_name"],
        franchise_id=row["franchise_id"],
        franchise_name=row["franchise_name"],
    )


def new_token() -> str:
    """256 random bits, as a cookie and a link hold them."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> bytes:
    """What the database keeps of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
