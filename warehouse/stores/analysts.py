"""Login roles of analysts: made, listed and removed by an administrator, each mapped to one person.

Who they are is `session_user`, which no session can change; what they see follows from the person by row security.
SQL is in `queries/analysts.sql`; roles themselves are made here, as no statement takes a role's name as a parameter.
"""

import re
import secrets
import unicodedata
from dataclasses import dataclass
from uuid import UUID

from psycopg import Connection, sql

from warehouse.sql import queries

# Far above what one person opens, far below what the pages need of the server's 200.
MOST_CONNECTIONS = 8

# Postgres cuts names at 63 bytes; a number may follow.
LONGEST_STEM = 48

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class AnalystRefused(ValueError):
    """A login could not be made or found; the message says what was found and what to do."""


@dataclass(frozen=True, slots=True)
class Login:
    """One analyst's login."""

    role_name: str
    email: str
    user_role: str
    """As `jarvis.tenancy.UserRole` names it."""
    place_name: str | None
    """The gym or franchise they see; None for the whole network."""
    is_active: bool
    """False where the person is suspended: the login sees nothing."""


def add_login(connection: Connection, *, email: str, franchise: str | None) -> tuple[Login, str]:
    """The person has a login role and a new password; both. Who is unknown becomes an analyst of the franchise.

    Asked again for the same person, the role stays and the password is a new one.

    Args:
        connection: the administrator's; committed by the caller.
        email: of the person.
        franchise: its name; None for a person who is known already.

    Raises:
        AnalystRefused: for no e-mail address, an unknown franchise, an unknown person without franchise, one of
            another franchise, or one who is suspended.
    """
    if not _EMAIL.fullmatch(email):
        raise AnalystRefused(f"found '{email}', expected an e-mail address")
    user_id = _person(connection, email=email, franchise=franchise)
    known = next((one for one in logins(connection) if one.email == email.lower()), None)
    role_name = known.role_name if known else _free_role_name(connection, email)
    password = secrets.token_urlsafe(24)
    role = sql.Identifier(role_name)
    if known is None:
        connection.execute(sql.SQL("create role {} login in role jarvis_analyst").format(role))
        connection.execute(queries("analysts")["map_login"], {"role_name": role_name, "user_id": user_id})
    # The verifier, not the password: the statement may reach the server's log.
    verifier = connection.pgconn.encrypt_password(password.encode(), role_name.encode(), b"scram-sha-256").decode()
    connection.execute(
        sql.SQL("alter role {} login connection limit {} password {}").format(
            role, sql.Literal(MOST_CONNECTIONS), sql.Literal(verifier)
        )
    )
    database = sql.Identifier(connection.info.dbname)
    connection.execute(sql.SQL("alter role {} in database {} set search_path = marts, public").format(role, database))
    return next(one for one in logins(connection) if one.role_name == role_name), password


def logins(connection: Connection) -> list[Login]:
    """Every login of this database, by e-mail."""
    return [Login(*row) for row in connection.execute(queries("analysts")["logins"])]


def login_of(connection: Connection, email: str) -> Login:
    """The person's login.

    Raises:
        AnalystRefused: when they have none.
    """
    found = logins(connection)
    for login in found:
        if login.email == email.lower():
            return login
    known = ", ".join(one.email for one in found) or "there is none"
    raise AnalystRefused(f"found no login of '{email}', expected one of: {known}; make one with jarvis analyst add")


def remove_login(connection: Connection, email: str) -> Login:
    """The person has no login any more, and their open connections are closed; the person stays. What it was.

    Raises:
        AnalystRefused: when they have none.
    """
    login = login_of(connection, email)
    role = sql.Identifier(login.role_name)
    connection.execute(queries("analysts")["unmap_login"], {"role_name": login.role_name})
    connection.execute(sql.SQL("alter role {} nologin").format(role))
    connection.execute(queries("analysts")["end_connections"], {"role_name": login.role_name})
    # Its settings and whatever was granted to it here; else the role cannot go.
    connection.execute(sql.SQL("drop owned by {}").format(role))
    connection.execute(sql.SQL("drop role {}").format(role))
    return login


def _person(connection: Connection, *, email: str, franchise: str | None) -> UUID:
    """The person's id; an unknown one is added to the franchise."""
    franchise_id: UUID | None = None
    if franchise is not None:
        row = connection.execute(queries("analysts")["franchise_id"], {"franchise": franchise}).fetchone()
        if row is None:
            names = [name for (name,) in connection.execute(queries("analysts")["franchise_names"])]
            raise AnalystRefused(f"found no franchise '{franchise}', expected one of: {', '.join(names) or 'none yet'}")
        franchise_id = row[0]
    person = connection.execute(queries("analysts")["person"], {"email": email}).fetchone()
    if person is None:
        if franchise_id is None:
            raise AnalystRefused(f"found nobody with the e-mail '{email}': give --franchise to add an analyst of it")
        added = connection.execute(
            queries("analysts")["add_person"], {"email": email, "franchise_id": franchise_id}
        ).fetchone()
        assert added is not None  # The statement returns the row it wrote.
        user_id: UUID = added[0]
        return user_id
    user_id, role, own_franchise_id, gym_id, is_active = person
    if not is_active:
        raise AnalystRefused(f"found '{email}' suspended, expected an active person: a login would see nothing")
    if franchise_id is not None and own_franchise_id != franchise_id:
        whose = "the whole network" if role == "super_admin" else "one gym" if gym_id else "another franchise"
        raise AnalystRefused(
            f"found '{email}' as {role} of {whose}, expected somebody of '{franchise}': "
            "leave --franchise out to give a login with the rights they have, or change the person first"
        )
    return user_id


def _free_role_name(connection: Connection, email: str) -> str:
    """`analyst_` and what stands before the @ in plain letters; a number follows where the server has that role."""
    plain = unicodedata.normalize("NFKD", email.partition("@")[0]).encode("ascii", "ignore").decode().lower()
    stem = ("analyst_" + re.sub(r"[^a-z0-9]+", "_", plain).strip("_"))[:LONGEST_STEM]
    taken = {name for (name,) in connection.execute(queries("analysts")["roles_like"], {"stem": stem})}
    names = (stem if number == 1 else f"{stem}_{number}" for number in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)
