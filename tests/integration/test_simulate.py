"""A simulation fills an empty database in one transaction, repeatably, and never twice."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import StringIO

import psycopg
import pytest
from psycopg import sql

from jarvis.passwords import verify_password
from jarvis.second_factor import keys_of, new_secret
from tests.conftest import Database
from warehouse.demo.second_factor import give_second_factor, shown_secret
from warehouse.demo.simulate import DEMO_BADGE, DEMO_PASSWORD, SimulationRefused, demo_logins, is_empty, simulate
from warehouse.demo.write import TABLES

NOW = datetime(2026, 11, 22, 17, 30, tzinfo=UTC)

# Password hashes are salted, and the database stamps these rows itself.
STAMPED = {"user_credentials"}


@pytest.fixture
def pipeline(database: Database) -> Iterator[psycopg.Connection]:
    """A connection of the role that simulates."""
    with database.connect("pipeline") as connection:
        yield connection


def content_hash(connection: psycopg.Connection) -> dict[str, str]:
    """Table name to a hash of all its rows."""
    statement = sql.SQL(
        "select md5(string_agg(line, '' order by line)) from (select rows::text as line from {} as rows) as t"
    )
    hashes = {}
    for table in TABLES.values():
        if table not in STAMPED:
            row = connection.execute(statement.format(sql.Identifier(table))).fetchone()
            assert row is not None
            hashes[table] = row[0]
    return hashes


def test_simulation_fills_every_table(pipeline: psycopg.Connection) -> None:
    """The report counts what is there, and every gym has negative conversations waiting for analysis."""
    assert is_empty(pipeline)
    steps: list[str] = []
    report = simulate(pipeline, days=30, members=300, seed=7, now=NOW, progress=steps.append)
    assert not is_empty(pipeline)
    assert steps[0] == "dax-centre"
    assert len(steps) == report.rows["gyms"]
    for table, rows in report.rows.items():
        statement = sql.SQL("select count(*) from {}").format(sql.Identifier(table))
        assert pipeline.execute(statement).fetchone() == (rows,)
        assert rows > 0
    assert len(report.moods_by_gym) == report.rows["gyms"] == 6
    assert all(moods["negative"] > 0 for moods in report.moods_by_gym.values())
    assert report.rows.keys() == set(TABLES.values())
    assert str(report).startswith("3 franchises, 6 gyms, ")


def test_conversations_queue_for_analysis(pipeline: psycopg.Connection) -> None:
    """Each session has its turns and one summary row: pending with consent, skipped without."""
    simulate(pipeline, days=30, members=300, seed=7, now=NOW)
    without_turns = pipeline.execute(
        "select count(*) from openai_realtime_sessions as sessions"
        " where not exists (select from session_turns as turns where turns.session_id = sessions.id)"
    ).fetchone()
    mismatched = pipeline.execute(
        "select count(*) from openai_realtime_sessions as sessions"
        " left join conversation_summaries as summaries on summaries.session_id = sessions.id"
        " where summaries.status is distinct from"
        " case when sessions.has_analysis_consent then 'pending' else 'skipped' end"
    ).fetchone()
    assert (without_turns, mismatched) == ((0,), (0,))


def test_an_old_conversation_is_never_an_engine_s(pipeline: psycopg.Connection) -> None:
    """Past sessions are labelled under the name 'simulated', without a vector, and wake no later stage."""
    simulate(pipeline, days=60, members=60, seed=7, pending_days=5, now=NOW)
    rows = pipeline.execute(
        "select summaries.status, summaries.engine, count(*), count(summaries.embedding),"
        " count(*) filter (where summaries.counted_at is null or summaries.alerted_at is null),"
        " bool_and(sessions.ended_at < %s) from conversation_summaries as summaries"
        " inner join openai_realtime_sessions as sessions on sessions.id = summaries.session_id"
        " where summaries.status <> 'skipped' group by 1, 2 order by 1",
        [NOW - timedelta(days=5)],
    ).fetchall()
    assert [(status, engine) for status, engine, *_ in rows] == [("completed", "simulated"), ("pending", None)]
    (_, _, labelled, vectors, unread, are_old), (_, _, waiting, *_) = rows
    assert (labelled > 0, vectors, unread, are_old, waiting > 0) == (True, 0, 0, True, True)


def test_truth_is_apart_from_the_product(pipeline: psycopg.Connection) -> None:
    """The file names every member with what becomes of them, and who has left is inactive in the database."""
    truth = StringIO()
    report = simulate(pipeline, days=200, members=80, seed=7, now=NOW, truth=truth)
    lines = [json.loads(line) for line in truth.getvalue().splitlines()]
    assert len(lines) == report.rows["gym_members_v2"]
    inactive = pipeline.execute("select id::text from gym_members_v2 where not is_active").fetchall()
    assert {line["member_id"] for line in lines if line["state"] == "left"} == {row[0] for row in inactive}
    assert {line["state"] for line in lines} == {"left", "leaving", "staying"}
    assert all((line["reason"] is None) == (line["state"] == "staying") for line in lines)


def test_content_does_not_hang_on_the_process() -> None:
    """Processes of different hash seeds make the same network to the byte."""
    script = (
        "from datetime import UTC, datetime; from hashlib import sha256;"
        "from warehouse.demo.generate import blueprint, gym_parts, places_of;"
        "plan = blueprint(days=20, members=30, seed=7, now=datetime(2026, 11, 22, 17, 30, tzinfo=UTC));"
        "places = places_of(plan); digest = sha256(repr(places).encode());"
        "[digest.update(repr((p.members, p.visits, p.conversations, p.labels, p.bookings, p.goals)).encode())"
        " for p in gym_parts(plan, places)]; print(digest.hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("0", "4711")
    }
    assert len(digests) == 1


def test_same_seed_gives_the_same_rows(pipeline: psycopg.Connection, database: Database) -> None:
    """Two runs of one seed leave the same content in every table; another seed does not."""
    hashes = []
    for seed in (7, 7, 8):
        with pipeline.transaction(force_rollback=True):
            simulate(pipeline, days=10, members=60, seed=seed, now=NOW)
            hashes.append(content_hash(pipeline))
        with database.admin() as admin:
            # A rolled back run has used numbers of the sequence; the next run starts as on a new database.
            admin.execute("alter sequence kiosk_heartbeats_id_seq restart")
    assert hashes[0] == hashes[1]
    assert all(hashes[0][table] != hashes[2][table] for table in hashes[0] if table != "franchises")


def test_second_simulation_is_refused(pipeline: psycopg.Connection) -> None:
    """A database with a network keeps it as it is, and the message says what to do."""
    simulate(pipeline, days=2, members=10, seed=7, now=NOW)
    before = content_hash(pipeline)
    with pytest.raises(SimulationRefused, match="jarvis migrate down"):
        simulate(pipeline, days=2, members=10, seed=8, now=NOW)
    assert content_hash(pipeline) == before


def test_demo_logins_open_with_the_demo_password(pipeline: psycopg.Connection) -> None:
    """The administrator comes first, Dax's manager is there, and the printed password is the right one."""
    simulate(pipeline, days=2, members=300, seed=7, now=NOW)
    logins = demo_logins(pipeline)
    labels = {login.email: login.label for login in logins}
    assert logins[0].email == "admin@demo.jarvis"
    assert labels["manager.dax@demo.jarvis"] == "Responsable de salle · Dax Centre"
    assert sum(email.startswith("equipe.") for email in labels) == 1
    row = pipeline.execute(
        "select password_hash from user_credentials inner join users on users.id = user_credentials.user_id"
        " where email = 'manager.dax@demo.jarvis'"
    ).fetchone()
    assert row is not None
    assert verify_password(row[0], DEMO_PASSWORD)


def test_the_demos_administration_has_the_second_factor_that_is_shown(
    pipeline: psycopg.Connection, database: Database
) -> None:
    """Given once, on this machine's own database only; whoever sets up another one is not overruled."""
    simulate(pipeline, days=2, members=300, seed=7, now=NOW)
    pipeline.commit()
    own, given = replace(database.settings, database_url=None), database.settings
    give_second_factor(pipeline, given)
    assert shown_secret(pipeline, given) is None
    give_second_factor(pipeline, own)
    give_second_factor(pipeline, own)
    secret = shown_secret(pipeline, own)
    assert secret is not None
    assert len(secret) == 32
    row = pipeline.execute("select email, mfa_enabled from users where mfa_enabled").fetchall()
    assert row == [("admin@demo.jarvis", True)]
    pipeline.execute("update second_factors set secret = %s", [keys_of(own).seal(new_secret())])
    give_second_factor(pipeline, own)
    assert shown_secret(pipeline, own) is None


def test_dashboard_of_dax_sees_dax_only(pipeline: psycopg.Connection, database: Database) -> None:
    """Row security holds over simulated rows: a manager counts the members of one gym."""
    simulate(pipeline, days=2, members=300, seed=7, now=NOW)
    row = pipeline.execute("select id, gym_id from users where email = 'manager.dax@demo.jarvis'").fetchone()
    assert row is not None
    pipeline.commit()
    with database.connect("dashboard") as dashboard:
        dashboard.execute("select set_config('app.user_id', %s, true)", [str(row[0])])
        assert dashboard.execute("select distinct gym_id from gym_members_v2").fetchall() == [(row[1],)]


def test_demo_badge_opens_a_kiosk_of_dax(pipeline: psycopg.Connection) -> None:
    """The badge we tell people to try belongs to an active member of Dax."""
    simulate(pipeline, days=2, members=300, seed=7, now=NOW)
    row = pipeline.execute(
        "select gyms.slug, members.is_active from gym_members_v2 as members"
        " inner join gyms on gyms.id = members.gym_id where members.badge_id = %s",
        [DEMO_BADGE],
    ).fetchone()
    assert row == ("dax-centre", True)


def test_no_demo_logins_without_a_demo(pipeline: psycopg.Connection) -> None:
    """An empty database has nobody to show."""
    assert demo_logins(pipeline) == []
