"""Raw quality through Dagster: planted faults turn the right check red, and red raw tables build no mart."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import LiteralString

import pytest
from dagster import DagsterInstance, Definitions, ExecuteInProcessResult

from jarvis.quality import SUITES
from orchestration.quality import docs_folder
from tests.conftest import Database
from tests.support.built_marts import own_warehouse
from tests.support.parsed_project import lend
from tests.tenants import made_id, plant
from warehouse.stores import quality

NOW = datetime.now(UTC)

# Day by day for seven weeks, a dozen visits in Dax; yesterday none but one.
VISITS: LiteralString = """
insert into public.member_visits (gym_id, member_id, visited_at, source)
select %(gym)s, members.id, %(now)s::timestamptz - make_interval(days => days, mins => visits), 'badge'
from generate_series(8, 50) as days
cross join generate_series(1, 12) as visits
cross join (select id from public.gym_members_v2 where gym_id = %(gym)s limit 1) as members
"""

# Each breaks one promise that a named constraint keeps from day to day; a hand at the database can break it.
PLANTED: dict[str, tuple[LiteralString, ...]] = {
    "turns_keep_their_contract": (
        "alter table public.session_turns drop constraint turn_role_is_known",
        "update public.session_turns set role = 'ghost', started_at = now() - interval '1 hour'",
    ),
    "memberships_are_plausible": ("update public.memberships set monthly_price_eur = 9999",),
    "visit_volume_is_usual": (),
}


@pytest.fixture(scope="module")
def faulty(module_database: Database) -> Database:
    """A planted database in which a constraint was dropped and wrong rows were written past the gateway."""
    with module_database.admin() as admin:
        plant(admin)
        admin.execute(VISITS, {"gym": made_id("gym", "dax"), "now": NOW})
        for statements in PLANTED.values():
            for statement in statements:
                admin.execute(statement)
    return module_database


@pytest.fixture(scope="module")
def definitions(faulty: Database, parsed_project: Path) -> Definitions:
    """The analytics location on that database."""
    from orchestration.analytics import build_defs

    lend(parsed_project, faulty.settings)

    return build_defs(settings=faulty.settings, resource_overrides={"warehouse": own_warehouse(faulty)})


@pytest.fixture(scope="module")
def checked(definitions: Definitions, faulty: Database) -> ExecuteInProcessResult:
    """The daily run over every suite."""
    with DagsterInstance.ephemeral() as instance, pytest.MonkeyPatch.context() as patch:
        patch.setattr("orchestration.checks.quality.process_settings", lambda: faulty.settings)
        return definitions.resolve_job_def("check_raw_quality").execute_in_process(instance=instance)


def test_the_right_checks_are_red(checked: ExecuteInProcessResult) -> None:
    """Each planted fault turns its own suite red and no other; the check names the expectation."""
    found = {one.check_name: one for one in checked.get_asset_check_evaluations()}
    assert set(found) == {suite.name for suite in SUITES}
    red = {name: one.metadata["unmet"].value for name, one in found.items() if not one.passed}
    assert red == {
        "turns_keep_their_contract": ["ColumnValuesToBeInSet(role)"],
        "memberships_are_plausible": ["ColumnValuesToBeBetween(monthly_price_eur)"],
        "visit_volume_is_usual": ["ColumnValuesToBeBetween(share_of_usual)"],
    }
    assert {name: found[name].severity.value for name in red} == {
        "turns_keep_their_contract": "ERROR",
        "memberships_are_plausible": "WARN",
        "visit_volume_is_usual": "WARN",
    }


def test_verdicts_are_kept_over_time(checked: ExecuteInProcessResult, faulty: Database) -> None:
    """A run is on record expectation by expectation; the same run twice is one; after 400 days it is gone."""
    with faulty.connect("pipeline") as connection:
        runs = {one.suite: one for one in quality.newest(connection, [suite.name for suite in SUITES])}
        assert set(runs) == {suite.name for suite in SUITES}
        assert runs["turns_keep_their_contract"].unmet_errors == ("ColumnValuesToBeInSet(role)",)
        assert runs["memberships_are_plausible"].unmet_errors == ()
        quality.keep(connection, [], ran_at=NOW + timedelta(days=500))
        assert quality.newest(connection, [suite.name for suite in SUITES]) == []
        connection.rollback()


def test_no_word_and_no_name_stands_in_the_pages(checked: ExecuteInProcessResult, faulty: Database) -> None:
    """The data docs are built at home and hold nothing that was said, no name and no badge."""
    pages = sorted(docs_folder(faulty.settings).rglob("*.html"))
    assert pages
    with faulty.admin() as admin:
        words = {
            str(value)
            for row in admin.execute(
                "select text, null, null, null from public.session_turns union all "
                "select first_name, last_name, email, badge_id from public.gym_members_v2"
            )
            for value in row
            if value and len(str(value)) > 3
        }
    assert words
    text = "\n".join(page.read_text("utf-8") for page in pages)
    assert {word for word in words if word in text} == set()


def test_the_pages_ask_nobody_else_and_the_first_one_lists_the_results(
    checked: ExecuteInProcessResult, faulty: Database
) -> None:
    """Behind our content policy a foreign style or script would be blocked: there is none, and no list needs one."""
    folder = docs_folder(faulty.settings)
    for page in folder.rglob("*.html"):
        text = page.read_text("utf-8")
        assert not re.search(r'<script|(src|<link[^>]*href)="(https?:)?//', text), page.name
        styles = re.search(r'href="([./]*static/styles/pages\.css)"', text)
        assert styles and (page.parent / styles[1]).is_file(), page.name
    first = (folder / "index.html").read_text("utf-8")
    assert ">not met<" in first and ">met<" in first
    for suite in SUITES:
        assert f">{suite.name}</a>" in first
    for path in re.findall(r'href="([^"]+)"', first):
        assert (folder / path).is_file(), path


def test_red_raw_tables_build_no_mart(checked: ExecuteInProcessResult, definitions: Definitions) -> None:
    """The gate fails the build before dbt starts: what was built last stands."""
    with DagsterInstance.ephemeral() as instance:
        result = definitions.resolve_job_def("build_marts").execute_in_process(instance=instance, raise_on_error=False)
    assert not result.success
    gate = [one for one in result.get_asset_check_evaluations() if one.check_name == "raw_tables_may_be_built_upon"]
    assert [one.metadata["broken"].value for one in gate] == [
        {"turns_keep_their_contract": "ColumnValuesToBeInSet(role)"}
    ]
    assert result.get_asset_materialization_events() == []
