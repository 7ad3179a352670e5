"""Freshness as data: noted from Dagster's records, judged by the database, read by whoever is signed in."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from dagster import AssetMaterialization, DagsterInstance

from jarvis.freshness import PROMISES
from orchestration.schedules.freshness import look
from tests.conftest import Database
from warehouse.stores import freshness

NOW = datetime.now(UTC)


def test_an_asset_is_as_of_its_last_build(database: Database) -> None:
    """Built ones have their moment, promised ones are there all the same, and what follows events is as of now."""
    with DagsterInstance.ephemeral() as instance, database.connect("pipeline") as connection:
        instance.report_runless_asset_event(AssetMaterialization("churn_scores"))
        instance.report_runless_asset_event(AssetMaterialization(["marts", "fct_new"]))
        instance.report_runless_asset_event(AssetMaterialization("somebody_elses"))
        found = look(instance, connection, now=NOW)
    assert set(found) == {*PROMISES, "marts/fct_new"}
    built = found["churn_scores"][1]
    assert built is not None
    assert abs(built - datetime.now(UTC)) < timedelta(minutes=5)
    assert found["marts/fct_new"][0] == timedelta(hours=1)
    assert found["retention"] == (PROMISES["retention"], None)
    assert found["manager_alerts"] == (PROMISES["manager_alerts"], NOW)


def test_lateness_is_judged_when_it_is_asked(database: Database) -> None:
    """Past its promise an asset is late though nobody noted it again; one never built is late by when it was missed."""
    day = timedelta(days=1)
    with database.connect("pipeline") as connection:
        freshness.note(connection, {"fresh": (day, NOW), "old": (day, NOW - 2 * day), "never": (day, None)}, now=NOW)
        freshness.note(connection, {"missed": (day, None)}, now=NOW - 2 * day)
        connection.commit()
        assert {one.asset: one.is_late for one in freshness.standings(connection)} == {
            "fresh": False,
            "old": True,
            "never": False,
            "missed": True,
        }


def test_an_asset_out_of_the_code_is_forgotten(database: Database) -> None:
    """A month without a build ends the promise: nobody gets letters about what was removed."""
    with database.connect("pipeline") as connection:
        freshness.note(connection, {"gone": (timedelta(days=1), NOW - timedelta(days=31))}, now=NOW)
        assert freshness.standings(connection) == []


@pytest.mark.parametrize("door", ["dashboard", "pipeline"])
def test_a_door_reads_the_standings_and_not_the_table(database: Database, door: str) -> None:
    """The pages ask the function; only the pipeline writes."""
    with database.connect("pipeline") as connection:
        freshness.note(connection, {"fresh": (timedelta(days=1), NOW)}, now=NOW)
    with database.connect(door) as connection:  # type: ignore[arg-type]
        assert [one.asset for one in freshness.standings(connection)] == ["fresh"]
        if door == "dashboard":
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("select * from app.asset_freshness")
