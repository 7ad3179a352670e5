"""The second factor of the demo network's administration: forced as for everybody, and handed out by `jarvis up`.

Its secret derives from JARVIS_SECRET_KEY, so that no two installations share one and the screen can show it
again. Only on the embedded database, which is this machine's own; elsewhere the first sign-in sets one up.
"""

import base64

from psycopg import Connection

from jarvis.second_factor import UnreadableSecret, keys_of
from jarvis.settings import Settings
from warehouse.demo.network import EMAIL_DOMAIN
from warehouse.sql import queries

_PATTERN = f"%@{EMAIL_DOMAIN}"


def give_second_factor(connection: Connection, settings: Settings) -> None:
    """Demo accounts that must have a second factor have one; whoever set up their own keeps it."""
    if settings.uses_embedded_database:
        sealed = keys_of(settings).seal(_secret(settings))
        connection.execute(queries("demo")["give_second_factor"], {"pattern": _PATTERN, "secret": sealed})
        connection.commit()


def shown_secret(connection: Connection, settings: Settings) -> str | None:
    """The secret to add to an application; None where somebody has set up their own."""
    rows = connection.execute(queries("demo")["second_factors"], {"pattern": _PATTERN}).fetchall()
    keys, secret = keys_of(settings), _secret(settings)
    try:
        return secret if any(keys.unseal(row[0]) == secret for row in rows) else None
    except UnreadableSecret:
        return None


def _secret(settings: Settings) -> str:
    return base64.b32encode(settings.key_for("demo second factor")[:20]).decode()
