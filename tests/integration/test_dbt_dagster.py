"""The marts built by Dagster: dbt's models are materialised, dbt's tests answer as checks."""

from collections.abc import Iterator

import pytest
from dagster import AssetKey, DagsterInstance, Definitions

from jarvis.settings import Settings
from orchestration import dbt
from orchestration.queues import HEAVY, QUEUE_TAG
from tests.conftest import Database
from tests.tenants import GYMS, cloned_database, plant

MARTS_JOB = "build_marts"


@pytest.fixture(scope="module")
def planted(
    server_settings: Settings, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A database with a network in it and no marts."""
    with cloned_database(server_settings, template_database, "dbt_dagster", tmp_path_factory.mktemp("dbt")) as database:
        with database.admin() as admin:
            plant(admin)
        yield database


@pytest.fixture(scope="module")
def definitions(planted: Database) -> Definitions:
    """The analytics location on that database."""
    from orchestration.analytics import build_defs

    return build_defs(settings=planted.settings)


def test_a_run_builds_and_checks_every_mart(planted: Database, definitions: Definitions) -> None:
    """Each model is materialised, each test is a check that passed, and the tables hold the gyms."""
    with DagsterInstance.ephemeral() as instance:
        result = definitions.resolve_job_def(MARTS_JOB).execute_in_process(instance=instance)
        materialised = {event.asset_key for event in result.get_asset_materialization_events()}
        checks = result.get_asset_check_evaluations()
    marts = {AssetKey(["marts", name]) for name in ("dim_gyms", "dim_members", "fct_gym_daily", "fct_sessions")}
    assert result.success
    assert marts <= materialised
    assert {check.asset_key for check in checks} >= marts
    assert all(check.passed for check in checks)
    with planted.admin() as admin:
        assert admin.execute("select count(*) from marts.fct_gym_daily").fetchone() == (len(GYMS),)


def test_a_mart_follows_the_tables_it_is_made_of(definitions: Definitions) -> None:
    """Lineage runs from the live location's assets, through staging, to the mart."""
    graph = definitions.resolve_asset_graph()
    staging = graph.get(AssetKey(["marts", "fct_sessions"])).parent_keys
    sources = {key for parent in staging for key in graph.get(parent).parent_keys}
    assert {AssetKey("conversation_summaries"), AssetKey(["raw", "openai_realtime_sessions"])} <= sources


def test_a_build_never_stands_before_an_alert(definitions: Definitions) -> None:
    """The marts' runs go to the heavy queue."""
    assert definitions.resolve_job_def(MARTS_JOB).tags[QUEUE_TAG] == HEAVY


def test_the_manifest_is_parsed_once(planted: Database, definitions: Definitions) -> None:
    """The location's own preparation left a manifest, and another one leaves it alone."""
    path = dbt.manifest_path(planted.settings)
    made_at = path.stat().st_mtime_ns
    assert dbt.prepare(planted.settings) == path
    assert path.stat().st_mtime_ns == made_at
    assert [found.name for found in dbt.state_folder(planted.settings).glob("*manifest*")] == [path.name]
