"""Keeps a hosted model's replies from their arrival until the analysis made of them is written.

SQL is in `queries/paid_replies.sql`. A reply is committed at once, on a connection of its own: the run's
own transaction, which ends with its rows written, would take it back when the run dies.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from psycopg import Connection

from warehouse.connection import connect
from warehouse.sql import queries

# A session is tried for hours, and a provider may be away for days; what is older, nobody comes back for.
KEEP_FOR = timedelta(days=7)
# Whoever keeps a reply clears away some old ones, so the table needs no job to stay small.
FORGOTTEN_AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class KeptReplies:
    """Replies in Postgres, for any number of threads and workers."""

    url: str

    def stored(self, keys: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], str]:
        """The replies that are kept under these keys."""
        with self._connect() as connection:
            rows = connection.execute(
                queries("paid_replies")["stored_replies"],
                {"session_ids": [key[0] for key in keys], "request_hashes": [key[1] for key in keys]},
            ).fetchall()
        return {(session_id, request_hash): reply for session_id, request_hash, reply in rows}

    def keep(self, replies: Mapping[tuple[str, str], str]) -> None:
        """The replies are committed; one of a session that is gone is not kept."""
        with self._connect() as connection, connection.transaction():
            for (session_id, request_hash), reply in replies.items():
                connection.execute(
                    queries("paid_replies")["keep_reply"],
                    {"session_id": session_id, "request_hash": request_hash, "reply": reply},
                )
            connection.execute(
                queries("paid_replies")["forget_old_replies"], {"keep_for": KEEP_FOR, "batch_size": FORGOTTEN_AT_ONCE}
            )

    def _connect(self) -> Connection:
        return connect(self.url, autocommit=True, application_name="jarvis-paid-replies")


def settle(connection: Connection, session_id: str) -> None:
    """The session's replies go with the transaction that writes what was made of them."""
    connection.execute(queries("paid_replies")["settle_replies"], {"session_id": session_id})
