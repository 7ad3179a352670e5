"""Dagster as a place to work: the graph is as written down, nothing lacks an owner or a promise, the page names all."""

import re
from datetime import timedelta
from pathlib import Path

import pytest
from dagster import AssetSpec, Definitions

from jarvis.freshness import FOLLOWS_EVENTS, UNPROMISED, promise_of
from jarvis.settings import load_settings
from orchestration.declared import DECLARED
from orchestration.graph import describe, own_assets
from orchestration.live import build_defs as build_live
from orchestration.watch import SILENT_AFTER
from tests.conftest import REPOSITORY
from tests.support.parsed_project import lend

SNAPSHOT = REPOSITORY / "tests" / "golden" / "asset_graph.txt"
PAGE = REPOSITORY / "docs" / "doors" / "data_team.md"


@pytest.fixture(scope="module")
def locations(parsed_project: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Definitions]:
    """Both code locations; no database is asked."""
    from orchestration.analytics import build_defs

    settings = load_settings({"JARVIS_HOME": str(tmp_path_factory.mktemp("locations")), "JARVIS_SECRET_KEY": "k"})
    lend(parsed_project, settings)
    return {"live": build_live(), "analytics": build_defs(settings=settings)}


@pytest.fixture(scope="module")
def specs(locations: dict[str, Definitions]) -> list[AssetSpec]:
    """Every asset that one of them defines."""
    return [spec for one in locations.values() for spec in own_assets(one)]


def test_the_graph_is_as_written_down(locations: dict[str, Definitions]) -> None:
    """An asset, check, sensor, schedule or job that comes or goes is announced by a change of the file."""
    found = "".join(f"# {name}\n" + "".join(f"{line}\n" for line in describe(one)) for name, one in locations.items())
    assert found == SNAPSHOT.read_text("utf-8"), (
        "the graph has changed: if that is meant, python -m orchestration.graph > tests/golden/asset_graph.txt"
    )


def test_the_watch_expects_what_is_declared(locations: dict[str, Definitions]) -> None:
    """A sensor or schedule that comes or goes is missed or forgotten by the letters to the operators too."""
    sensors = [sensor for one in locations.values() for sensor in one.get_repository_def().sensor_defs]
    schedules = [schedule for one in locations.values() for schedule in one.get_repository_def().schedule_defs]
    assert {one.name for one in sensors} == DECLARED.sensors
    assert {one.name: one.cron_schedule for one in schedules} == DECLARED.schedules
    assert {one.execution_timezone for one in schedules} == {"UTC"}
    slowest = timedelta(seconds=max(one.minimum_interval_seconds or 0 for one in sensors))
    assert 2 * slowest < SILENT_AFTER, "a sensor that looks so seldom would count as silent"
    assert all(one.default_status.value == "RUNNING" for one in (*sensors, *schedules)), "it would count as off"


def test_everything_has_an_owner_a_group_a_kind_and_a_description(specs: list[AssetSpec]) -> None:
    """Whoever looks at something red sees what it is and whom to ask."""
    bare = [one.key.to_user_string() for one in specs if not (one.owners and one.kinds and one.description)]
    assert bare == []


def test_everything_that_is_computed_keeps_a_promise(specs: list[AssetSpec]) -> None:
    """A promise for each, shown in Dagster as a policy where a build keeps it; or a reason why not."""
    computed = [one for one in specs if one.group_name != "raw"]
    unpromised = {one.key.to_user_string() for one in computed if promise_of(one.key.to_user_string()) is None}
    assert unpromised == set(UNPROMISED)
    without_policy = {one.key.to_user_string() for one in computed if one.freshness_policy is None}
    assert without_policy == set(UNPROMISED) | FOLLOWS_EVENTS


def test_everything_that_is_computed_links_to_its_code(specs: list[AssetSpec]) -> None:
    """From the asset's page to the lines that make it."""
    unlinked = [
        one.key.to_user_string()
        for one in specs
        if one.group_name != "raw" and "dagster/code_references" not in one.metadata
    ]
    assert unlinked == []


def test_the_page_says_what_to_do_for_everything(locations: dict[str, Definitions]) -> None:
    """A row for each asset of ours, check, sensor, schedule and job, and none for what is gone."""
    section = PAGE.read_text("utf-8").partition("## When it is red\n")[2].partition("\n## ")[0]
    told = re.findall(r"^\| `([\w/]+)` \| \S", section, re.M)
    lines = [line for one in locations.values() for line in describe(one)]
    named = [re.sub(r"^\w+ ([\w/]+).*", r"\1", line) for line in lines if not line.startswith("asset raw/")]
    assert sorted(told) == sorted(named)
