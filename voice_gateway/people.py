"""The gateway's way to the database for people who sign in: logs in as jarvis_dashboard, row security decides.

Kiosks have a pool of their own (`app.py`). Nothing is connected until somebody asks, so a gateway whose
login for people does not work yet still serves kiosks. Every transaction carries the person's identity.
"""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, cast

import anyio.to_thread
from psycopg import AsyncConnection
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from jarvis.second_factor import keys_of
from jarvis.settings import Settings
from jarvis.tenancy import Scope
from jarvis.visitors import ADDRESSES, address_hash, device_name, network_of
from warehouse.connection import as_user_async, check_alive_async
from warehouse.people import Database
from warehouse.stores.accounts import Accounts, CodeAnswer
from warehouse.stores.sign_in import DatabaseSessions, PasswordCheck, Visitor, resolve_session

PersonConnection = AsyncConnection[dict[str, Any]]

_MOST_CONNECTIONS = 8
_PATIENCE_SECONDS = 3.0
# As many as passwords are checked at once.
_SIGN_IN_CONNECTIONS = 2
_APPLICATION = "jarvis-gateway-people"


class People:
    """Sessions of people, and transactions in their name."""

    def __init__(self, settings: Settings) -> None:
        url = settings.database_url_for("dashboard")
        self._pool: AsyncConnectionPool[PersonConnection] = AsyncConnectionPool(
            url,
            connection_class=cast(type[PersonConnection], AsyncConnection),
            # One statement is one transaction: whose session it is costs one round trip, not three.
            kwargs={
                "row_factory": dict_row,
                "autocommit": True,
                "application_name": _APPLICATION,
                "connect_timeout": 3,
            },
            # A restarted Postgres costs the next caller nothing: dead connections are replaced on the way out.
            check=check_alive_async,
            min_size=0,
            max_size=_MOST_CONNECTIONS,
            timeout=_PATIENCE_SECONDS,
            open=False,
            name="people",
        )
        self._sign_in = Database(url, most_connections=_SIGN_IN_CONNECTIONS, application_name=_APPLICATION)
        self._sessions = DatabaseSessions(self._sign_in)
        self.passwords = PasswordCheck(self._sessions)
        self._accounts = Accounts(self._sign_in, keys_of(settings))
        self._address_key = settings.key_for(ADDRESSES)

    async def open(self) -> None:
        """Questions can be asked; the first one connects."""
        await self._pool.open(wait=False)
        self._sign_in.open()

    async def close(self) -> None:
        """Every connection is closed."""
        await self._pool.close()
        await anyio.to_thread.run_sync(self._sign_in.close)

    async def holder_of(self, token: str) -> Scope | None:
        """Who holds the session now; None where the token opens no door (any more)."""
        async with self._pool.connection() as connection:
            return await resolve_session(connection, token)

    def visitor(self, *, user_agent: str, address: str) -> Visitor:
        """From where a request comes, as far as anything keeps it."""
        return Visitor(
            device=device_name(user_agent),
            network=network_of(address),
            address_hash=address_hash(address, key=self._address_key),
        )

    async def enter_code(self, token: str, code: str) -> str | CodeAnswer:
        """The session's new token where the code is right; else the session is over, and why."""
        answer = await anyio.to_thread.run_sync(lambda: self._accounts.check_code(token, code, moment=time.time()))
        if isinstance(answer, CodeAnswer):
            await self.end(token)
        return answer

    async def confirm(self, token: str, *, password: str, code: str | None, visitor: Visitor) -> str | None:
        """The session's new token, freshly proven by the password and by the code where one is due; None else.

        A refused try leaves the session as it was, and counts like one of a sign-in.

        Raises:
            AddressClosed: when the visitor's address was refused too often.
        """
        visit = await anyio.to_thread.run_sync(self._accounts.visit, token)
        if visit is None or not await self.passwords.is_right(visit.email, password, visitor):
            return None
        if not visit.has_second_factor:
            return await anyio.to_thread.run_sync(self._accounts.prove, token)
        answer = await anyio.to_thread.run_sync(
            lambda: self._accounts.check_code(token, code or "", moment=time.time())
        )
        return None if isinstance(answer, CodeAnswer) else answer

    async def end(self, token: str) -> None:
        """The token opens no door any more; an unknown one never did."""
        await anyio.to_thread.run_sync(self._sessions.revoke, token)

    @asynccontextmanager
    async def as_person(self, person: Scope) -> AsyncIterator[PersonConnection]:
        """A transaction in which row security knows the signed-in person."""
        async with self._pool.connection() as connection, as_user_async(connection, person.user_id):
            yield connection
