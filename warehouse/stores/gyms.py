"""Finds the gym that an operator names by its slug, or says which there are.

SQL is in `queries/gyms.sql`. Called by the stores that the command line asks; what holds for a gym is theirs.
"""

from uuid import UUID

from psycopg import Connection

from warehouse.sql import queries


class GymNotFound(LookupError):
    """No gym has this slug; the message names those there are."""


def gym_id_of(connection: Connection, slug: str) -> UUID:
    """The id of the gym with this slug.

    Raises:
        GymNotFound: there is none.
    """
    row = connection.execute(queries("gyms")["gym_of_slug"], {"slug": slug}).fetchone()
    if row is None:
        raise not_found(connection, slug)
    found: UUID = row[0]
    return found


def not_found(connection: Connection, slug: str) -> GymNotFound:
    """What to raise where a statement of one's own found no gym of this slug."""
    known = ", ".join(slugs(connection)) or "there is none yet"
    return GymNotFound(f"found no gym '{slug}', expected one of: {known}")


def slugs(connection: Connection, *, limit: int = 20) -> list[str]:
    """Slugs of the first gyms, oldest first."""
    rows = connection.execute(queries("gyms")["slugs"], {"limit": limit}).fetchall()
    return [row[0] for row in rows]
