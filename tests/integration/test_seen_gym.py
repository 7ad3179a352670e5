"""Seeing one gym as its manager does: the database narrows what is seen and what may be done, and never widens it."""

import psycopg
import pytest
from psycopg import sql

from dashboards.records import Records
from jarvis.tenancy import Permission, Scope
from tests.tenants import GYMS, PEOPLE, PERSON, made_id, scope_of
from warehouse.people import Database
from warehouse.stores.sign_in import hashed


@pytest.fixture(scope="module")
def pool(planted: tuple[psycopg.Connection, Database]) -> Database:
    """The door's own connections, over a small network."""
    admin, opened = planted
    # Everybody has just proven who they are.
    for person in PEOPLE:
        admin.execute(
            "insert into dashboard_sessions (token_hash, user_id, expires_at) "
            "values (%s, %s, now() + interval '1 day')",
            [hashed(person.name), person.id],
        )
    return opened


def seen_as(name: str, gym: str) -> Scope:
    return scope_of(name).as_manager_of(made_id("gym", gym), gym)


@pytest.mark.parametrize("gym", GYMS)
@pytest.mark.parametrize("name", [person.name for person in PEOPLE])
@pytest.mark.parametrize("table", ["gyms", "gym_members_v2", "manager_alerts", "openai_realtime_sessions", "kiosks"])
def test_one_gym_is_seen_and_only_by_who_saw_it(pool: Database, name: str, gym: str, table: str) -> None:
    """Of all people and gyms: the gym itself where it was theirs to see, else nothing at all."""
    column = "id" if table == "gyms" else "gym_id"
    with pool.person(seen_as(name, gym)) as connection:
        question = sql.SQL("select distinct {} as gym_id from {}").format(sql.Identifier(column), sql.Identifier(table))
        rows = connection.execute(question).fetchall()
    expected = {made_id("gym", gym)} & {made_id("gym", seen) for seen in PERSON[name].sees}
    assert {row["gym_id"] for row in rows} == expected


def test_an_administrator_runs_no_network_meanwhile(pool: Database) -> None:
    """No franchise, no other gym's people, nothing of the network: as the manager, and no more."""
    with pool.person(seen_as("root", "dax")) as connection:
        row = connection.execute(
            "select app.is_super_admin() as runs, app.visible_franchise_ids() as franchises, "
            "app.managed_gym_ids() as gyms, (select count(*) from users where gym_id <> %(dax)s) as others",
            {"dax": made_id("gym", "dax")},
        ).fetchone()
    assert row == {"runs": False, "franchises": [], "gyms": [made_id("gym", "dax")], "others": 0}
    assert not seen_as("root", "dax").may(Permission.MANAGE_NETWORK)


@pytest.mark.parametrize("statement", [
    "select app.create_franchise('X', null, 'starter')",
    "select app.create_gym(null, 'x', 'X', null, null, 'Europe/Paris', '{}')",
    "select app.create_account(%(token)s, interval '1 hour', 'x@salle.test', null, 'super_admin', null, null, 'x')",
    "select app.create_account(%(token)s, interval '1 hour', 'x@salle.test', null, 'gym_manager', null, %(dax)s, 'x')",
    "select app.create_account(%(token)s, interval '1 hour', 'x@salle.test', null, 'gym_staff', null, %(pau)s, 'x')",
])  # fmt: skip
@pytest.mark.parametrize("name", ["root", "owner_atlantique"])
def test_what_a_manager_may_not_nobody_may_meanwhile(pool: Database, name: str, statement: str) -> None:
    """Franchises, gyms, people above staff and people elsewhere are out of reach."""
    values = {"dax": made_id("gym", "dax"), "pau": made_id("gym", "pau"), "token": hashed(name)}
    with pytest.raises(psycopg.errors.InsufficientPrivilege), pool.person(seen_as(name, "dax")) as connection:
        connection.execute(statement.encode(), values)


def test_the_switch_ends_with_its_transaction(pool: Database) -> None:
    """The next question of the same person, on the same connection, has all their rights again."""
    records = Records(pool)
    assert len(records.rows(seen_as("root", "dax"), "context.gyms")) == 1
    assert len(records.rows(scope_of("root"), "context.gyms")) == len(GYMS)


def test_staff_gain_nothing_by_it(pool: Database) -> None:
    """A made-up scope says manager; the database still knows who it is."""
    with pool.person(seen_as("staff_dax", "dax")) as connection:
        row = connection.execute("select app.managed_gym_ids() as gyms").fetchone()
    assert row == {"gyms": []}
