"""Brings a database to the schema the code expects, and back.

Migrations are plain SQL pairs in `warehouse/migrations`, run by yoyo. This module also makes the
databases, the extensions' preconditions and the doors' passwords, which are not schema.
"""

import contextlib
import io
import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import Connection, sql

from warehouse.connection import DatabaseUnreachable, address, connect, reason

if TYPE_CHECKING:
    from yoyo.backends.base import DatabaseBackend
    from yoyo.migrations import MigrationList

MIGRATIONS = Path(__file__).parent / "migrations"

# Row security leaks were fixed in these: CVE-2025-8713.
OLDEST_PATCHED = {15: 14, 16: 10, 17: 6}
OLDEST_PGVECTOR = (0, 8)

_MORE_RIGHTS = (
    "found a login in JARVIS_DATABASE_URL that may not {what}, expected a superuser: event triggers and roles "
    "that see past row security need one; the doors have logins of their own"
)


# Whoever migrates holds this advisory lock of the database, which ends with its connection, however that ends.
_LOCK_KEY = 7_316_041_957
# Another process that migrates is waited for so long; all migrations of a new database take a few seconds.
_LOCK_WAIT = "25s"


class MigrationError(RuntimeError):
    """The database cannot be brought to the expected schema; the message says why."""


@dataclass(frozen=True, slots=True)
class MigrationStatus:
    """One migration and whether this database has it."""

    name: str
    is_applied: bool


def create_database(administration_url: str, name: str, *, owner: str | None = None) -> bool:
    """True when the database was made, False when it was already there.

    Raises:
        DatabaseUnreachable: when the server does not answer.
    """
    with _maintenance_connection(administration_url) as connection:
        exists = connection.execute("select from pg_database where datname = %s", [name]).fetchone()
        if exists is not None:
            return False
        statement = sql.SQL("create database {name}").format(name=sql.Identifier(name))
        if owner is not None:
            statement += sql.SQL(" owner {owner}").format(owner=sql.Identifier(owner))
        try:
            connection.execute(statement)
        except psycopg.errors.DuplicateDatabase:
            return False
        except psycopg.errors.InsufficientPrivilege as error:
            raise MigrationError(_MORE_RIGHTS.format(what=f"make the database {name}")) from error
        return True


def migrate_up(administration_url: str) -> list[str]:
    """Every migration is applied; the names of those applied now.

    Raises:
        DatabaseUnreachable: when the server does not answer.
        MigrationError: when the server is too old, lacks pgvector, or a migration fails.
    """
    with connect(administration_url, autocommit=True) as connection:
        check_server(connection)
    with _backend(administration_url) as backend:
        pending = backend.to_apply(_migrations())
        for migration in pending:
            try:
                # yoyo prints what a select in a migration answers, which is nobody's answer here.
                with contextlib.redirect_stdout(io.StringIO()):
                    backend.apply_one(migration)
            except psycopg.Error as error:
                raise MigrationError(f"migration {migration.id} failed: {str(error).splitlines()[0]}") from error
        return [migration.id for migration in pending]


def migrate_down(administration_url: str, *, to: str | None = None) -> list[str]:
    """Every migration after `to` is taken back, newest first; all of them when it is None.

    Raises:
        MigrationError: when one cannot be taken back, or there is none of the name `to`; nothing is taken back then.
    """
    with _backend(administration_url) as backend:
        known = _migrations()
        # A name cut short sorts before what it means, and would take that and all after it back.
        if to is not None and to not in {migration.id for migration in known}:
            raise MigrationError(f"found no migration '{to}', expected one as `jarvis migrate status` prints it")
        applied = backend.to_rollback(known)
        undone = [migration for migration in applied if to is None or migration.id > to]
        for migration in undone:
            try:
                backend.rollback_one(migration)
            except psycopg.Error as error:
                raise MigrationError(f"taking back {migration.id} failed: {str(error).splitlines()[0]}") from error
        return [migration.id for migration in undone]


def migration_status(administration_url: str) -> list[MigrationStatus]:
    """Every migration in order, applied or not."""
    with _backend(administration_url) as backend:
        migrations = _migrations()
        pending = {migration.id for migration in backend.to_apply(migrations)}
        return [MigrationStatus(migration.id, migration.id not in pending) for migration in migrations]


def set_door_passwords(administration_url: str, passwords: Mapping[str, str]) -> None:
    """Each login role has its password; roles are made by the first migration."""
    with connect(administration_url, autocommit=True) as connection:
        for role, password in passwords.items():
            try:
                connection.execute(
                    sql.SQL("alter role {role} password {password}").format(
                        role=sql.Identifier(role), password=sql.Literal(password)
                    )
                )
            except psycopg.errors.InsufficientPrivilege as error:
                raise MigrationError(_MORE_RIGHTS.format(what=f"set the password of {role}")) from error


def check_server(connection: Connection) -> None:
    """Nothing happens on a server we can trust.

    Raises:
        MigrationError: naming the version or extension found, the one expected, and what to do.
    """
    major, minor = divmod(connection.info.server_version, 10000)
    if major < 15 or minor < OLDEST_PATCHED.get(major, 0):
        oldest = ", ".join(f"{version}.{patch}" for version, patch in OLDEST_PATCHED.items())
        raise MigrationError(
            f"found Postgres {major}.{minor}, expected at least {oldest} or 18: older ones leak rows past row security"
        )
    row = connection.execute("select default_version from pg_available_extensions where name = 'vector'").fetchone()
    if row is None:
        raise MigrationError(
            f"found no extension vector on {connection.info.host}:{connection.info.port}, "
            "expected pgvector 0.8 or newer: "
            "install it on the server, or unset JARVIS_DATABASE_URL to use the embedded one"
        )
    found = tuple(int(part) for part in row[0].split(".")[:2])
    if found < OLDEST_PGVECTOR:
        raise MigrationError(f"found pgvector {row[0]}, expected 0.8 or newer: upgrade it on the server")


@contextmanager
def _maintenance_connection(administration_url: str) -> Iterator[Connection]:
    """A connection to the server's `postgres` database, from which databases can be made."""
    url = urlunsplit(urlsplit(administration_url)._replace(path="/postgres"))
    with connect(url, autocommit=True) as connection:
        yield connection


@contextmanager
def _backend(administration_url: str) -> "Iterator[DatabaseBackend]":
    from yoyo import get_backend

    logging.getLogger("yoyo").setLevel(logging.WARNING)
    parts = urlsplit(administration_url)
    try:
        backend = get_backend(urlunsplit(parts._replace(scheme="postgresql+psycopg")))
    except psycopg.OperationalError as error:
        raise DatabaseUnreachable(f"cannot connect to {address(administration_url)}: {reason(error)}") from error
    try:
        with _alone(administration_url):
            # yoyo's own lock is a row, and one that a killed process has left would lock everybody out for good.
            backend.break_lock()
            with backend.lock():
                yield backend
    finally:
        backend.connection.close()


@contextmanager
def _alone(administration_url: str) -> Iterator[None]:
    """Nobody else migrates this database.

    Raises:
        MigrationError: when somebody else still does after a while.
    """
    with connect(administration_url, autocommit=True, application_name="jarvis-migrate") as connection:
        connection.execute("select set_config('lock_timeout', %s, false)", [_LOCK_WAIT])
        try:
            connection.execute("select pg_advisory_lock(%s)", [_LOCK_KEY])
        except psycopg.errors.LockNotAvailable as error:
            raise MigrationError(
                "found another process migrating this database, expected none: try again when it has ended"
            ) from error
        yield


def _migrations() -> "MigrationList":
    from yoyo import read_migrations

    return read_migrations(str(MIGRATIONS))
