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
from dataclasses import dataclass, field
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
    address_hash: bytes | None = field(default=None, repr=False)
    """By which one address is known again, and cannot be told; None where there is none to count."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session."""

    token: str
    stage: Stage


class AddressClosed(RuntimeError):
    """Too many refusals from one address, over all accounts: come back after `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"found an address with too many refused sign-ins, expected a wait of {seconds:.0f} s")
        self.seconds = seconds


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

    def fail_sign_in(self, user_id: UUID | None, visitor: Visitor) -> None:
        """A wrong password is on record, or without a person an e-mail that nobody has."""

    def address_wait(self, visitor: Visitor) -> float:
        """Seconds the visitor's address has to wait; 0 where it may try now."""

    def open(self, user_id: UUID, visitor: Visitor) -> Opened | None:
        """A new session; None where the person may not have one."""

    def resolve(self, token: str, *, is_activity: bool) -> Scope | None:
        """Who holds the session; None where the token opens no door (any more)."""

    def revoke(self, token: str) -> None:
        """The token opens no door any more."""

    def revoke_hashed(self, token_hash: bytes) -> None:
        """The same, where only what the database keeps of the token is known."""

    def take(self, bucket: str, allowed_count: int, window_seconds: int) -> bool:
        """True while the bucket's window holds no more than allowed, this one counted."""


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

    def fail_sign_in(self, user_id: UUID | None, visitor: Visitor) -> None:
        """A wrong password, or without a person an unknown e-mail, is in the audit trail, and the address counted."""
        with self._database.nobody() as connection:
            connection.execute(
                self._blocks["fail_sign_in"],
                {"user_id": user_id, "device": visitor.device, "network": visitor.network},
            )
            if visitor.address_hash is not None:
                connection.execute(self._blocks["fail_address"], {"address_hash": visitor.address_hash})

    def address_wait(self, visitor: Visitor) -> float:
        """Seconds the visitor's address has to wait; 0 where it may try now."""
        if visitor.address_hash is None:
            return 0.0
        with self._database.nobody() as connection:
            row = connection.execute(self._blocks["address_wait"], {"address_hash": visitor.address_hash}).fetchone()
        return 0.0 if row is None else float(row["seconds"])

    def take(self, bucket: str, allowed_count: int, window_seconds: int) -> bool:
        """True while the bucket's window holds no more than allowed, this one counted."""
        with self._database.nobody() as connection:
            row = connection.execute(
                self._blocks["take_token"],
                {"bucket": bucket, "allowed_count": allowed_count, "window_seconds": window_seconds},
            ).fetchone()
        return row is not None and row["taken_count"] <= allowed_count

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
        self.revoke_hashed(hashed(token))

    def revoke_hashed(self, token_hash: bytes) -> None:
        """The same, where only what the database keeps of the token is known."""
        with self._database.nobody() as connection:
            connection.execute(self._blocks["revoke_session"], {"token_hash": token_hash})


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
            AddressClosed: when the visitor's address was refused too often.
        """
        return await self._evenly(self._check, email, password, visitor)

    async def is_right(self, email: str, password: str, visitor: Visitor) -> bool:
        """True where the password is the account's, which is open; the answer takes as long as every refusal.

        Raises:
            TooManyTries: when the queue is too long to wait in.
            AddressClosed: when the visitor's address was refused too often.
        """
        return await self._evenly(self._proven, email, password, visitor) is not None

    async def hash_of(self, password: str) -> str:
        """The hash of a new password, made in its turn.

        Raises:
            TooManyTries: when the queue is too long to wait in.
            PasswordRefused: when it is too short or too long.
        """
        return await self._in_turn(hash_password, password)

    async def _evenly(
        self, work: Callable[[str, str, Visitor], Result | None], email: str, password: str, visitor: Visitor
    ) -> Result | None:
        """What the work answers; a refusal comes after one time, whatever its reason."""
        started = time.monotonic()
        answer = await self._in_turn(work, email, password, visitor)
        if answer is None:
            await anyio.sleep(max(0.0, started + self._refusal_seconds - time.monotonic()))
        return answer

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
        seconds = self._sessions.address_wait(visitor)
        if seconds > 0:
            raise AddressClosed(seconds)
        account = self._sessions.begin_sign_in(email)
        known_hash = decoy_hash() if account is None else account.password_hash
        is_right = verify_password(known_hash, password)
        if account is not None and account.is_open and is_right:
            return account.user_id
        if account is None or account.is_open:
            self._sessions.fail_sign_in(None if account is None else account.user_id, visitor)
        return None


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
