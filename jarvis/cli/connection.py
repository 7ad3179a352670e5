"""The database as a command meets it: the server runs while the command does, and one connection is open."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jarvis.settings import Settings

if TYPE_CHECKING:
    from psycopg import Connection


@contextmanager
def pipeline_connection(
    settings: Settings, *, application_name: str = "jarvis", autocommit: bool = False
) -> "Iterator[Connection]":
    """A connection with the pipeline's rights, to a server that is started where nobody runs it yet.

    Raises:
        DatabaseUnreachable: when the server does not answer or refuses the login.
    """
    from jarvis.up import database_server
    from warehouse.connection import connect

    url = settings.database_url_for("pipeline")
    with (
        database_server(settings),
        connect(url, application_name=application_name, autocommit=autocommit) as connection,
    ):
        yield connection
