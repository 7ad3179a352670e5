"""Connections to Postgres, and the identity a transaction speaks with.

Identity is transaction-local: `set_config(…, true)` ends with the transaction, so a pooled
connection never carries one caller's rights to the next.
"""

import select
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, LiteralString
from urllib.parse import urlsplit
from uuid import UUID

import psycopg
from psycopg import AsyncConnection, Connection
from psycopg_pool import AsyncConnectionPool, ConnectionPool

_SET_IDENTITY: dict[str, LiteralString] = {
    "user": "select set_config('app.user_id', %s, true)",
    "kiosk": "select set_config('app.kiosk_id', %s, true)",
}


class DatabaseUnreachable(RuntimeError):
    """No connection could be made; the message names the address but never the password."""


def connect(url: str, *, autocommit: bool = False, application_name: str = "jarvis") -> Connection:
    """An open connection.

    Raises:
        DatabaseUnreachable: when the server does not answer or refuses the login.
    """
    try:
        return psycopg.connect(url, autocommit=autocommit, application_name=application_name, connect_timeout=5)
    except psycopg.OperationalError as error:
        raise DatabaseUnreachable(f"cannot connect to {address(url)}: {reason(error)}") from error


def check_alive(connection: Connection[Any]) -> None:
    """The connection can be used; a pool's check that costs no round trip where nothing has happened.

    Raises:
        psycopg.OperationalError: when the server has gone.
    """
    if _has_word(connection.fileno()):
        ConnectionPool.check_connection(connection)


async def check_alive_async(connection: AsyncConnection[Any]) -> None:
    """As `check_alive`, for a pool of an event loop."""
    if _has_word(connection.fileno()):
        await AsyncConnectionPool.check_connection(connection)


def _has_word(socket: int) -> bool:
    """True where an idle connection has something to read: nobody speaks on one but a server that goes away."""
    idle = select.poll()
    idle.register(socket, select.POLLIN)
    return bool(idle.poll(0))


@contextmanager
def as_user(connection: Connection, user_id: UUID) -> Iterator[Connection]:
    """A transaction in which row security knows the signed-in user."""
    with connection.transaction():
        connection.execute(_SET_IDENTITY["user"], [str(user_id)])
        yield connection


@contextmanager
def as_kiosk(connection: Connection, kiosk_id: UUID) -> Iterator[Connection]:
    """A transaction in which row security knows the kiosk."""
    with connection.transaction():
        connection.execute(_SET_IDENTITY["kiosk"], [str(kiosk_id)])
        yield connection


@asynccontextmanager
async def as_user_async(
    connection: AsyncConnection[dict[str, Any]], user_id: UUID
) -> AsyncIterator[AsyncConnection[dict[str, Any]]]:
    """The same as `as_user`, for the gateway's event loop; the identity travels with the first statement."""
    async with connection.pipeline(), connection.transaction():
        await connection.execute(_SET_IDENTITY["user"], [str(user_id)])
        yield connection


@asynccontextmanager
async def as_kiosk_async(connection: AsyncConnection, kiosk_id: UUID) -> AsyncIterator[AsyncConnection]:
    """The same as `as_kiosk`, for the gateway's event loop."""
    async with connection.transaction():
        await connection.execute(_SET_IDENTITY["kiosk"], [str(kiosk_id)])
        yield connection


def address(url: str) -> str:
    """host:port/database of a URL, fit to be shown."""
    parts = urlsplit(url)
    return f"{parts.hostname or 'localhost'}:{parts.port or 5432}{parts.path}"


def reason(error: Exception) -> str:
    """The reason without libpq's hints on the lines below it, and without the address, which stands before it."""
    first = (str(error).strip().splitlines() or ["no reason given"])[0]
    return first.removeprefix("connection failed: ").partition(" failed: ")[2] or first
