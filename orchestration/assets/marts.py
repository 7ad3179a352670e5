"""The marts: dbt's models as assets, dbt's tests as their checks.

What is asked of dbt and under which names Dagster knows the answer; the SQL is `dbt_project`, the
login and the folders are `orchestration.dbt`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from dagster import AssetExecutionContext, AssetKey, AssetsDefinition
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtCliResource, dbt_assets

from jarvis.settings import Settings
from orchestration.assets.raw import raw_key
from orchestration.dbt import PROJECT, environment, executable, exported, prepare, state_folder

# Sources that an asset of the live location computes; the others are raw tables.
LIVE_ASSETS = frozenset({"conversation_summaries", "member_analytics", "manager_alerts"})
# And those that an asset of this location computes.
ANALYTICS_ASSETS = frozenset({"churn_scores", "insights_reports", "report_deliveries"})


class Names(DagsterDbtTranslator):
    """Sources carry the keys of the live location's assets, models those of their schema."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> AssetKey:
        """`conversation_summaries` or `raw/gyms` for a source, `marts/fct_sessions` for a model."""
        name: str = dbt_resource_props["name"]
        if dbt_resource_props["resource_type"] == "source":
            return AssetKey(name) if name in LIVE_ASSETS | ANALYTICS_ASSETS else raw_key(name)
        return AssetKey([dbt_resource_props["schema"], name])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        """The schema: staging first, then marts; a source's group is its own asset's."""
        schema: str = dbt_resource_props["schema"]
        return "raw" if dbt_resource_props["resource_type"] == "source" else schema


def dbt_resource() -> DbtCliResource:
    """dbt's command line on our project; the login is given where it is called."""
    return DbtCliResource(project_dir=str(PROJECT), profiles_dir=str(PROJECT), dbt_executable=executable())


def marts_assets(settings: Settings) -> AssetsDefinition:
    """Every model as an asset of one run, every test of a model as its check.

    Raises:
        DbtError: when the project does not parse.
    """

    @dbt_assets(
        manifest=prepare(settings),
        name="marts",
        dagster_dbt_translator=Names(DagsterDbtTranslatorSettings(enable_asset_checks=True)),
        # Two builds at once would swap the same tables: a limit for when there is more than one heavy worker.
        pool="marts",
    )
    def marts(context: AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
        # One folder for all builds: dbt reads again only what changed, and the last results stay to be looked at.
        with exported(environment(settings)):
            build = dbt.cli(["build"], context=context, target_path=state_folder(settings) / "target")
        yield from build.stream()

    return marts
