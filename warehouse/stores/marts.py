"""The marts as the pipeline sees them from outside: dbt builds them, this only looks."""

from psycopg import Connection

from warehouse.sql import queries


def are_built(connection: Connection) -> bool:
    """True once the database holds a mart."""
    row = connection.execute(queries("marts")["are_built"]).fetchone()
    return row is not None and bool(row[0])
