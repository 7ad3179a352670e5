"""What the database tells of itself: to a super_admin only, and no statement with a value in it."""

from typing import LiteralString

import psycopg
import pytest

from tests.conftest import Database
from tests.tenants import PEOPLE, Person, plant
from warehouse.connection import as_user

ADMINS = [person for person in PEOPLE if person.role == "super_admin" and person.sees]
OTHERS = [person for person in PEOPLE if person not in ADMINS]
QUESTIONS: tuple[LiteralString, ...] = (
    "select * from app.system_state()",
    "select * from app.recent_incidents()",
    "select * from app.slow_statements(0)",
)


@pytest.fixture
def busy(database: Database) -> Database:
    """A database with people, an incident, and statements that carry secrets."""
    with database.admin() as admin:
        plant(admin)
        admin.execute("insert into app.incidents values ('run:1', 'A run failed.', now(), now())")
        admin.execute("select count(*) from public.users where email = 'secret@example.org'")
        admin.execute("create role statements_probe password 'do-not-tell'")
        admin.execute("drop role statements_probe")
    return database


def test_a_super_admin_reads_how_the_machine_does(busy: Database) -> None:
    """State, incident, and statements with their counts; values are gone, and commands with them."""
    with busy.connect("dashboard") as connection, as_user(connection, ADMINS[0].id):
        state, incidents, slow = (connection.execute(question).fetchall() for question in QUESTIONS)
    assert len(state) == len(incidents) == 1
    told = " ".join(row[1] for row in slow)
    assert "from public.users where email = $1" in told
    assert "secret@example.org" not in told
    assert "do-not-tell" not in told
    assert "statements_probe" not in told


def test_what_waits_and_what_was_given_up_is_counted(busy: Database) -> None:
    """The queue's two ends: analyses that wait, since when, and those that failed for good."""
    with busy.admin() as admin:
        admin.execute("update conversation_summaries set status = 'pending', queued_at = '2026-03-01'")
        admin.execute(
            "update conversation_summaries set status = 'parked', last_error = 'TimeoutError' "
            "where session_id = (select max(session_id::text)::uuid from conversation_summaries)"
        )
        expected = admin.execute(
            "select count(*) - 1, min(queued_at), 1::bigint from conversation_summaries"
        ).fetchone()
    with busy.connect("dashboard") as connection, as_user(connection, ADMINS[0].id):
        told = connection.execute(
            "select waiting_count, oldest_waiting_at, given_up_count from app.system_state()"
        ).fetchone()
    assert told == expected
    assert told is not None and told[0] > 0


@pytest.mark.parametrize("person", OTHERS, ids=lambda person: person.name)
def test_nobody_else_reads_anything_of_it(busy: Database, person: Person) -> None:
    """Owners, managers, staff, analysts, and whoever is suspended."""
    with busy.connect("dashboard") as connection, as_user(connection, person.id):
        assert [connection.execute(question).fetchall() for question in QUESTIONS] == [[], [], []]


@pytest.mark.parametrize("door", ["dashboard", "gateway"])
def test_the_view_itself_is_closed(busy: Database, door: str) -> None:
    """Logins reach the statements through the function alone."""
    with busy.connect(door) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("select query from server_statistics.pg_stat_statements")
