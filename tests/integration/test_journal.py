"""The audit trail on a real database: who reads what of it, that every transcript read is in it, and that it stands."""

from uuid import UUID, uuid4

import psycopg
import pytest

from dashboards.records import Records
from tests.tenants import PERSON, made_id, scope_of
from warehouse.people import Database

TURNS = "conversations.turns"
ENTRIES: dict[str, object] = {
    "gym_id": None, "actor": None, "actions": [], "subjects": [], "subject_id": None, "since": None, "most": 100,
}  # fmt: skip


def readings(connection: psycopg.Connection, session_id: UUID) -> int:
    row = connection.execute(
        "select count(*) from audit_log where action = 'conversation.read' and subject_id = %s", [str(session_id)]
    ).fetchone()
    assert row is not None
    return int(row[0])


@pytest.mark.parametrize(
    "name", ["root", "owner_atlantique", "owner_rhone", "manager_dax", "manager_pau", "suspended_manager"]
)
def test_everybody_reads_the_trail_of_their_gyms(planted: tuple[psycopg.Connection, Database], name: str) -> None:
    """The same question, six people, six answers; a guessed gym gives nothing."""
    records = Records(planted[1])
    asked = {**ENTRIES, "actions": ["planted"]}
    rows = records.rows(scope_of(name), "journal.entries", **asked)
    assert {str(row["gym_name"]).lower() for row in rows} == set(PERSON[name].sees)
    for gym in {"dax", "pau", "lyon"} - PERSON[name].sees:
        guessed = {**ENTRIES, "gym_id": made_id("gym", gym)}
        assert records.rows(scope_of(name), "journal.entries", **guessed) == []


def test_a_transcript_cannot_be_read_unseen(planted: tuple[psycopg.Connection, Database]) -> None:
    """The very question that reads it writes it down; looked at again within minutes it is the same reading."""
    connection, pool = planted
    session_id, records = made_id("session", "dax"), Records(pool)
    assert readings(connection, session_id) == 0
    for _ in range(2):
        assert len(records.rows(scope_of("manager_dax"), TURNS, session_id=session_id)) == 1
    assert readings(connection, session_id) == 1
    assert records.rows(scope_of("owner_atlantique"), TURNS, session_id=session_id)
    assert readings(connection, session_id) == 2
    (entry, *_) = records.rows(
        scope_of("manager_dax"), "journal.entries", **{**ENTRIES, "subject_id": str(session_id), "actor": "manager_dax"}
    )
    assert entry["action"] == "conversation.read"


@pytest.mark.parametrize("name", ["manager_pau", "owner_rhone", "analyst_dax", "suspended_manager"])
def test_whoever_may_not_read_leaves_no_trace(planted: tuple[psycopg.Connection, Database], name: str) -> None:
    """Nothing is read, so nothing is written."""
    connection, pool = planted
    session_id = made_id("session", "dax")
    before = readings(connection, session_id)
    assert Records(pool).rows(scope_of(name), TURNS, session_id=session_id) == []
    assert Records(pool).rows(scope_of(name), TURNS, session_id=uuid4()) == []
    assert readings(connection, session_id) == before


@pytest.mark.parametrize("role", ["jarvis_dashboard", "jarvis_gateway", "jarvis_analyst", "jarvis_pipeline"])
@pytest.mark.parametrize(
    "statement",
    [
        "update audit_log set actor_user_id = null", "delete from audit_log", "truncate audit_log",
        "drop table audit_log",
    ],
)  # fmt: skip
def test_no_login_changes_the_trail(planted: tuple[psycopg.Connection, Database], role: str, statement: str) -> None:
    """Neither the pages nor the gateway, the pipeline or an analyst: what was done stays done."""
    connection, _pool = planted
    with connection.transaction(force_rollback=True):
        connection.execute("select set_config('role', %s, true)", [role])
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())


def test_the_pages_login_writes_the_trail_only_through_functions(planted: tuple[psycopg.Connection, Database]) -> None:
    """Nobody can put words into it either."""
    with planted[1].person(scope_of("root")) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(
            "insert into audit_log (actor_role, action, subject_table, subject_id) values ('x', 'x', 'x', 'x')"
        )
