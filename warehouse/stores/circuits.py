"""Keeps whether a hosted engine's provider may be asked, for every worker together.

In Postgres and not in the process: workers are several and their children are replaced, and each would
find out for itself, at the price of its own time-outs. SQL is in `queries/circuits.sql`; transactions
are the caller's, so a worker that dies while it tries gives the try back.
"""

from dataclasses import dataclass
from datetime import timedelta

from psycopg import Connection

from warehouse.sql import queries

# Batches in a row; one alone is put off by its own thirty seconds.
OPENS_AT = 3
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(minutes=30)
# While another worker tries the provider, the others come back after this.
PROBE_WAIT = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Passage:
    """What a batch may do now."""

    is_probe: bool = False
    """True when this worker is the one that tries a provider that failed before: with one conversation."""
    wait: timedelta | None = None
    """How long the provider is left alone; None when it may be asked."""


def ask_passage(connection: Connection, engine: str) -> Passage:
    """Whether the engine's provider may be asked; a probe is this transaction's until it ends."""
    row = connection.execute(queries("circuits")["circuit_state"], {"engine": engine}).fetchone()
    if row is None or row[0] is None:
        return Passage()
    if row[0] > 0:
        return Passage(wait=timedelta(seconds=row[0]))
    is_probe = connection.execute(queries("circuits")["take_probe"], {"engine": engine}).fetchone() is not None
    return Passage(is_probe=True) if is_probe else Passage(wait=PROBE_WAIT)


def count_failure(connection: Connection, engine: str) -> None:
    """One more batch in a row failed as a whole; an open circuit is not opened again by those that began before."""
    connection.execute(
        queries("circuits")["count_failure"],
        {"engine": engine, "opens_at": OPENS_AT, "first_wait": FIRST_WAIT, "longest_wait": LONGEST_WAIT},
    )


def close(connection: Connection, engine: str) -> None:
    """The provider answered: it may be asked by everybody."""
    connection.execute(queries("circuits")["close_circuit"], {"engine": engine})
