"""Settings on a real database: who may set what, within which bounds, on record; and what the pipeline makes of it."""

from datetime import UTC, datetime, time
from typing import Any
from uuid import UUID

import psycopg
import pytest

from dashboards.records import Records
from tests.tenants import PERSON, made_id, scope_of
from warehouse.people import Database
from warehouse.stores.alert_choices import candidates

DAX = made_id("gym", "dax")
CHANGE: dict[str, object] = {"gym_id": DAX, "per_week": 4, "threshold": 0.8, "storage_level": "metadata_only"}
PROFILE: dict[str, object] = {
    "full_name": "Camille", "language": "en", "unwanted_kinds": ["daily_report"], "quiet_from": time(21),
    "quiet_until": time(8),
}  # fmt: skip


@pytest.fixture(scope="module")
def opened(planted: tuple[psycopg.Connection, Database]) -> tuple[psycopg.Connection, Records]:
    """The superuser's connection and the pages' records, over a small network."""
    return planted[0], Records(planted[1])


def actions(connection: psycopg.Connection, user: UUID) -> list[str]:
    rows = connection.execute("select action from audit_log where actor_user_id = %s order by id", [user]).fetchall()
    return [row[0] for row in rows]


def answer(records: Records, name: str, question: str, **values: object) -> Any:
    row = records.row(scope_of(name), question, **values)
    return None if row is None else row["answer"]


def test_a_manager_sets_their_gym_and_it_is_on_record(opened: tuple[psycopg.Connection, Records]) -> None:
    """Budget and threshold in one line, what is kept in another; said again it is no change."""
    connection, records = opened
    for _ in range(2):
        assert answer(records, "manager_dax", "gym_settings.change_gym", **CHANGE)
    assert actions(connection, PERSON["manager_dax"].id) == ["storage_level_changed", "alert_settings_changed"]
    row = records.row(scope_of("manager_dax"), "gym_settings.gym", gym_id=DAX)
    assert row is not None
    assert (row["alert_budget_per_week"], row["churn_alert_threshold"], row["storage_level"]) == (
        4, 0.8, "metadata_only",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["manager_pau", "owner_rhone", "suspended_manager"])
def test_a_neighbour_s_gym_is_none(opened: tuple[psycopg.Connection, Records], name: str) -> None:
    """A guessed id changes nothing, and shows nothing."""
    records = opened[1]
    assert not answer(records, name, "gym_settings.change_gym", **CHANGE)
    assert records.row(scope_of(name), "gym_settings.gym", gym_id=DAX) is None
    assert records.rows(scope_of(name), "gym_settings.absences", gym_id=DAX, today="2026-02-02") == []
    assert records.rows(scope_of(name), "gym_settings.members_named", gym_id=DAX, words="a") == []
    assert records.rows(scope_of(name), "alert_previews.gym", gym_id=DAX) == []


@pytest.mark.parametrize("name", ["staff_dax", "analyst_dax"])
def test_who_only_sees_the_gym_sets_nothing(opened: tuple[psycopg.Connection, Records], name: str) -> None:
    """Refused by name, as one sees the gym."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        answer(opened[1], name, "gym_settings.change_gym", **CHANGE)


@pytest.mark.parametrize(
    "wrong", [{"per_week": 201}, {"per_week": -1}, {"threshold": 0}, {"threshold": 1}, {"storage_level": "nothing"}]
)
def test_values_out_of_range_are_refused(
    opened: tuple[psycopg.Connection, Records], wrong: dict[str, object]
) -> None:  # fmt: skip
    """By the table itself, whatever the page lets through."""
    with pytest.raises(psycopg.errors.CheckViolation):
        answer(opened[1], "manager_dax", "gym_settings.change_gym", **{**CHANGE, **wrong})


def test_a_gym_s_threshold_decides_whom_to_call_about(opened: tuple[psycopg.Connection, Records]) -> None:
    """Above the score they are candidates, below they are not; a gym without one takes every high risk."""
    connection, _records = opened
    now = datetime(2026, 3, 2, 12, tzinfo=UTC)
    with connection.transaction(force_rollback=True):
        connection.execute("update churn_scores set score = 0.7, level = 'critical'")
        connection.execute(
            "update gyms set churn_alert_threshold = case slug when 'dax' then 0.8 when 'pau' then 0.6 end"
        )
        found = {one.gym_id for one in candidates(connection, now=now)}
    assert found == {made_id("gym", "pau"), made_id("gym", "lyon")}


def test_a_profile_is_one_s_own(opened: tuple[psycopg.Connection, Records]) -> None:
    """Everybody changes theirs and nobody else's; whoever is suspended has none."""
    connection, records = opened
    assert answer(records, "staff_dax", "gym_settings.change_profile", **PROFILE)
    row = records.row(scope_of("staff_dax"), "gym_settings.profile")
    assert row is not None
    assert {name: row[name] for name in PROFILE} == PROFILE
    changed = connection.execute("select count(*) from users where language is not null").fetchone()
    assert changed == (1,)
    assert actions(connection, PERSON["staff_dax"].id) == ["profile_changed"]
    assert not answer(records, "suspended_staff", "gym_settings.change_profile", **PROFILE)


def test_the_switch_keeps_the_language(opened: tuple[psycopg.Connection, Records]) -> None:
    """A known one; a made-up one is refused."""
    records = opened[1]
    assert answer(records, "manager_pau", "gym_settings.set_language", language="en")
    row = records.row(scope_of("manager_pau"), "gym_settings.profile")
    assert row is not None
    assert row["language"] == "en"
    with pytest.raises(psycopg.errors.CheckViolation):
        answer(records, "manager_pau", "gym_settings.set_language", language="xx")
