"""Connections for people who sign in: a small pool that logs in as jarvis_dashboard.

Every transaction says who it is for; the sign-in alone works before anybody is known, and reaches
nothing but the sign-in functions of migration 0040. The managers' door asks everything through it,
the gateway its sign-ins only: what it answers signed-in people goes through the event loop's own pool.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast
from uuid import UUID

from psycopg import Connection, sql
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool

from jarvis.tenancy import Scope
from warehouse.connection import as_user, check_alive

# Ten script runs a second is what one process does; each holds a connection for milliseconds.
MOST_CONNECTIONS = 6

# A page that cannot get a connection in this time says so instead of hanging.
SECONDS_TO_WAIT = 4.0
# Nor does one whose question takes this long: every page's own take a hundredth of it at the largest network.
LONGEST_QUESTION_SECONDS = 15


class Database:
    """A pool of connections; opened and closed with the app."""

    def __init__(
        self, url: str, *, most_connections: int = MOST_CONNECTIONS, application_name: str = "jarvis-dashboards"
    ) -> None:
        self._pool: ConnectionPool[Connection[DictRow]] = ConnectionPool(
            url,
            connection_class=Connection[DictRow],
            # A restarted Postgres costs the next caller nothing: dead connections are replaced on the way out.
            check=check_alive,
            configure=_configured,
            kwargs={"row_factory": dict_row, "application_name": application_name, "connect_timeout": 3},
            min_size=0,
            max_size=most_connections,
            timeout=SECONDS_TO_WAIT,
            open=False,
        )

    def open(self) -> None:
        """Connections are made as questions come; a database that is away is met by the first one, not here."""
        self._pool.open()

    def close(self) -> None:
        """Every connection is closed."""
        self._pool.close()

    @contextmanager
    def nobody(self) -> Iterator[Connection[DictRow]]:
        """A transaction without identity: row security shows it no row at all."""
        with self._pool.connection() as connection:
            yield connection

    @contextmanager
    def holder(self, user_id: UUID) -> Iterator[Connection[DictRow]]:
        """A transaction for somebody who has not signed in, and whose own signed link says who they are."""
        with self._pool.connection() as connection, as_user(cast(Connection, connection), user_id):
            yield connection

    @contextmanager
    def person(self, scope: Scope) -> Iterator[Connection[DictRow]]:
        """A transaction in which row security knows the signed-in person, and the one gym they keep to if they do."""
        with self.holder(scope.user_id) as connection:
            if scope.seen_gym_id is not None:
                connection.execute("select set_config('app.seen_gym_id', %s, true)", [str(scope.seen_gym_id)])
            yield connection


def _configured(connection: Connection[DictRow]) -> None:
    """Each question is planned for what it asks, and none outlives the patience of who asks it."""
    # `%(gym_id)s is null or …` has no plan that is good for both.
    connection.execute("set plan_cache_mode = force_custom_plan")
    connection.execute(sql.SQL("set statement_timeout = {}").format(sql.Literal(f"{LONGEST_QUESTION_SECONDS}s")))
    connection.commit()
