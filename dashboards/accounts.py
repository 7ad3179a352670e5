"""Passwords of people who sign in, set from the command line: never by a page's own role.

Called with the administration's or the pipeline's connection; the door's role can't reach these tables.
"""

from pathlib import Path

from psycopg import Connection

from jarvis.passwords import hash_password
from warehouse.sql import read_blocks

QUERIES = Path(__file__).with_name("accounts.sql")


class UnknownAccount(LookupError):
    """Nobody has this e-mail; the message doesn't hold it."""


def set_password(connection: Connection, email: str, password: str) -> None:
    """The person's password is this one, their account is open, and every session they had is over.

    Raises:
        PasswordRefused: when the password is too short or too long.
        UnknownAccount: when nobody has this e-mail.
    """
    password_hash = hash_password(password)
    blocks = read_blocks(QUERIES)
    with connection.transaction():
        parameters = {"email": email.strip().lower(), "password_hash": password_hash}
        if connection.execute(blocks["set_password"], parameters).fetchone() is None:
            raise UnknownAccount("found no user with this e-mail, expected one: create the user first")
        connection.execute(blocks["revoke_sessions"], {"email": parameters["email"]})
