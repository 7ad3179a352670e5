"""Page views on a real database: counted for oneself alone, read by who runs the network alone, and gone in time."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from dashboards.records import Records
from tests.conftest import Database
from tests.tenants import PEOPLE, PERSON, made_id, scope_of
from warehouse import people
from warehouse.stores import retention


@pytest.fixture(scope="module")
def database(module_database: Database, planted: tuple[psycopg.Connection, people.Database]) -> Database:
    """A small network with somebody in each role."""
    return module_database


@pytest.fixture
def records(planted: tuple[psycopg.Connection, people.Database]) -> Records:
    """The pages' questions, with nothing counted yet."""
    admin, pool = planted
    admin.execute("delete from app.page_views")
    return Records(pool)


def counted(records: Records, name: str) -> dict[tuple[Any, ...], tuple[int, int]]:
    rows = records.rows(scope_of(name), "page_views.by_person", since=date(2000, 1, 1))
    return {(row["user_id"], row["page"]): (row["view_count"], row["day_count"]) for row in rows}


def test_arrivals_are_summed_per_person_and_page(records: Records, database: Database) -> None:
    """Twice on one page is two views on one day; somebody else's are their own."""
    for name, page in (("manager_dax", "alertes"), ("manager_dax", "alertes"), ("staff_dax", "alertes")):
        assert records.row(scope_of(name), "page_views.note", page=page) == {"is_noted": True}
    dax, staff = PERSON["manager_dax"].id, PERSON["staff_dax"].id
    with database.admin() as admin:
        admin.execute(
            "insert into app.page_views (user_id, page, viewed_date, view_count) "
            "values (%s, 'alertes', '2020-01-01', 3)",
            [dax],
        )
    assert counted(records, "root") == {(dax, "alertes"): (5, 2), (staff, "alertes"): (1, 1)}


@pytest.mark.parametrize("name", [person.name for person in PEOPLE if person.role != "super_admin"])
def test_nobody_else_reads_them(records: Records, name: str) -> None:
    """Not even their own, and not from the table."""
    records.row(scope_of("manager_dax"), "page_views.note", page="alertes")
    assert counted(records, name) == {}


def test_an_administrator_in_a_gym_s_eyes_reads_none(records: Records) -> None:
    """As the manager they stand for."""
    records.row(scope_of("manager_dax"), "page_views.note", page="alertes")
    seen = scope_of("root").as_manager_of(made_id("gym", "dax"), "Dax")
    assert records.rows(seen, "page_views.by_person", since=date(2000, 1, 1)) == []


def test_who_is_suspended_or_nobody_is_not_counted(records: Records, database: Database) -> None:
    """And what is no page's name is refused whole."""
    assert records.row(scope_of("suspended_owner"), "page_views.note", page="alertes") == {"is_noted": None}
    with pytest.raises(psycopg.errors.CheckViolation):
        records.row(scope_of("manager_dax"), "page_views.note", page="alertes?q=Léa")
    with database.connect("dashboard") as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("select * from app.page_views")
    assert counted(records, "root") == {}


def test_they_are_gone_after_their_term(records: Records, database: Database, tmp_path: Path) -> None:
    """Ninety days by the rule; a person who is deleted takes theirs along."""
    now = datetime.now(UTC)
    with database.admin() as admin:
        for days in (10, 89, 92, 400):
            admin.execute(
                "insert into app.page_views (user_id, page, viewed_date) values (%s, 'alertes', %s)",
                [PERSON["manager_pau"].id, (now - timedelta(days=days)).date()],
            )
    with database.connect("pipeline") as pipeline:
        proofs = {one.rule_name: one for one in retention.keep_house(pipeline, home=tmp_path, now=now)}
    proof = proofs["page_views"]
    assert (proof.done, proof.remaining, proof.error) == (2, 0, None)
    assert counted(records, "root") == {(PERSON["manager_pau"].id, "alertes"): (2, 2)}
