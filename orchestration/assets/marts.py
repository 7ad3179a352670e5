"""The marts: dbt's models as assets, dbt's tests as their checks.

What is asked of dbt and under which names Dagster knows the answer; the SQL is `dbt_project`, the
login and the folders are `orchestration.dbt`, and dbt runs inside the worker (`orchestration.warm_dbt`).
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dagster import AssetExecutionContext, AssetKey, AssetsDefinition, OpExecutionContext
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, dbt_assets
from dagster_dbt.asset_utils import get_subset_selection_for_context
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage
from dagster_dbt.dbt_manifest import validate_manifest

from jarvis.settings import Settings
from orchestration.assets.raw import raw_key
from orchestration.dbt import fingerprint, is_mart, prepare, state_folder
from orchestration.previews import with_glance
from orchestration.queues import MARTS_POOL
from orchestration.resources import Warehouse
from orchestration.warm_dbt import Outcome, invoke
from warehouse.stores.marts import build_of_now, last_build, remember_build

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


def marts_assets(settings: Settings) -> AssetsDefinition:
    """Every model as an asset of one run, every test of a model as its check.

    Raises:
        DbtError: when the project does not parse.
    """
    manifest = validate_manifest(prepare(settings))
    names = Names(DagsterDbtTranslatorSettings(enable_asset_checks=True))

    @dbt_assets(
        manifest=manifest,
        name="marts",
        dagster_dbt_translator=names,
        # Two builds at once would swap the same tables: a limit for when there is more than one heavy worker.
        pool=MARTS_POOL,
    )
    def marts(context: AssetExecutionContext, warehouse: Warehouse) -> Iterator[Any]:
        """Makes what has changed since the last build; what a person chose in the graph, whatever has changed."""
        with warehouse.connect(autocommit=True) as connection:
            build = build_of_now(connection, project=fingerprint(), today=datetime.now(UTC).date())
            changed = build.changed_since(last_build(connection))
        chosen = _chosen(context, manifest, names)
        selected = chosen
        if not chosen and changed is not None:
            selected = selection_of(changed, manifest)
            context.log.addFilter(_is_no_list_of_what_stayed)
            if not selected:
                context.log.info("no table that a mart reads has changed since the last build")
                return
            context.log.info(f"what has changed, and is built with what stands on it: {', '.join(selected[1:])}")
        outcome = invoke(settings, "build", *selected)
        with warehouse.connect(autocommit=True) as connection:
            for node_id, told in told_by(outcome, settings, manifest, names, context):
                node = manifest["nodes"].get(node_id)
                yield from with_glance(told, connection, node if node and is_mart(node) else None)
        outcome.raise_if_failed()
        if not chosen:
            with warehouse.connect(autocommit=True) as connection:
                remember_build(connection, build)

    return marts


def told_by(
    outcome: Outcome,
    settings: Settings,
    manifest: Mapping[str, Any],
    names: Names,
    context: AssetExecutionContext | OpExecutionContext,
) -> Iterator[tuple[str, Iterator[Any]]]:
    """Of each node that dbt has made or tested its id, and Dagster's events for it."""
    for event in outcome.events:
        message = DbtCoreCliEventMessage(raw_event=dict(event), event_history_metadata={})
        yield (
            event["data"]["node_info"]["unique_id"],
            message.to_default_asset_events(
                manifest=manifest,
                dagster_dbt_translator=names,
                context=context,
                target_path=state_folder(settings) / "target",
            ),
        )


def _is_no_list_of_what_stayed(record: logging.LogRecord) -> bool:
    """False for Dagster's list of the checks that a step has not answered.

    It names every check of a job that asked for all and has made what changed, 200 at each build, and no declaration of
    an output turns it off: `execute_core_compute` wants each selected check, `can_subset` and `is_required` or not.
    """
    return "did not yield or return expected outputs" not in record.getMessage()


def selection_of(changed: Iterable[str], manifest: Mapping[str, Any] | Path) -> list[str]:
    """dbt's arguments for everything downstream of these tables; none where no source is among them."""
    sources = validate_manifest(manifest)["sources"].values()
    named = sorted(
        f"source:{source['source_name']}.{source['name']}+"
        for source in sources
        if f"{source['schema']}.{source['name']}" in set(changed)
    )
    return ["--select", *named] if named else []


def _chosen(context: AssetExecutionContext, manifest: Mapping[str, Any], names: Names) -> list[str]:
    """dbt's arguments for the assets that this run was asked for; none for all of them."""
    arguments, _ = get_subset_selection_for_context(
        context=context,
        manifest=manifest,
        select=None,
        exclude=None,
        selector=None,
        dagster_dbt_translator=names,
        current_dbt_indirect_selection_env=None,
    )
    return arguments
