"""The metrics of `dbt_project/models/marts/_marts__metrics.yml` as SQL, compiled by MetricFlow.

Called by `jarvis analyst metric`, whose caller runs the statement under their own rights, and by the test that holds
every page, report and answer to these definitions. MetricFlow is imported where a statement is made: it takes a second.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from jarvis.settings import Settings
from orchestration.dbt import metrics_path, prepare

if TYPE_CHECKING:
    from metricflow.engine.metricflow_engine import MetricFlowEngine


_GRAIN = re.compile(r"__(day|week|month|quarter|year)$")


class MetricRefused(ValueError):
    """A metric or a way to tell it apart is unknown; the message says what was found and what there is."""


def statement(
    settings: Settings,
    names: Sequence[str],
    *,
    by: Sequence[str] = (),
    since: date | None = None,
    until: date | None = None,
) -> str:
    """One SQL statement that gives these metrics, a row for each combination of `by`, in its order.

    Args:
        settings: of the database whose marts are asked.
        names: such as `visit_count`.
        by: such as `gym`, `gym__gym_name` or `metric_time__week`; none for one row of the whole. A week or a month is
            counted whole, also where the first or the last day is within it.
        since: first of the gyms' own days; None for the oldest.
        until: last of them; None for the newest.

    Raises:
        MetricRefused: for a metric that is not defined, or something it cannot be told by.
        DbtError: when the project does not parse.
    """
    path = metrics_path(prepare(settings))
    engine, known = _engine(path), _described(path)
    if not names or (unknown := sorted(set(names) - set(known))):
        found = ", ".join(unknown) if names else "no metric"
        raise MetricRefused(f"found {found}, expected some of: {', '.join(sorted(known))}")
    ways = _ways(engine, names)
    if strange := [one for one in by if _GRAIN.sub("", one) not in ways]:
        raise MetricRefused(f"found {', '.join(strange)}, expected some of: {', '.join(sorted(ways))}")
    return _compiled(engine, names, by=by, since=since, until=until)


def defined(settings: Settings) -> Mapping[str, str]:
    """Every metric's description, by name.

    Raises:
        DbtError: when the project does not parse.
    """
    return _described(metrics_path(prepare(settings)))


def _described(path: Path) -> Mapping[str, str]:
    found = orjson.loads(path.read_bytes())["metrics"]
    return {metric["name"]: metric["description"] for metric in found}


def _ways(engine: "MetricFlowEngine", names: Sequence[str]) -> set[str]:
    """What all of these metrics can be told by; days also with a grain behind them, such as metric_time__week."""
    dimensions = (one.dunder_name for one in engine.simple_dimensions_for_metrics(list(names)))
    return {"metric_time", *filter(None, dimensions), *(one.name for one in engine.entities_for_metrics(list(names)))}


def _compiled(
    engine: "MetricFlowEngine", names: Sequence[str], *, by: Sequence[str], since: date | None, until: date | None
) -> str:
    from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

    request = MetricFlowQueryRequest.create(
        metric_names=list(names),
        group_by_names=list(by),
        order_by_names=list(by),
        time_constraint_start=datetime.combine(since, time()) if since else None,
        time_constraint_end=datetime.combine(until, time()) if until else None,
    )
    sql: str = engine.explain(request).sql_statement.without_descriptions.sql
    return sql


@cache
def _engine(path: Path) -> "MetricFlowEngine":
    from metricflow.engine.metricflow_engine import MetricFlowEngine
    from metricflow.protocols.sql_client import SqlEngine
    from metricflow.sql.render.postgres import PostgresSQLSqlPlanRenderer
    from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
    from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

    class Dialect:
        """All that MetricFlow needs of a client that only compiles."""

        sql_engine_type = SqlEngine.POSTGRES
        sql_plan_renderer = PostgresSQLSqlPlanRenderer()

    manifest = parse_manifest_from_dbt_generated_manifest(path.read_text("utf-8"))
    return MetricFlowEngine(SemanticManifestLookup(manifest), Dialect())  # type: ignore[arg-type]
