"""`python -m orchestration.graph`: the asset graph of both code locations as text, for a diff that a person reads.

A line per asset (key, group, kinds, owners, what it needs), check, sensor, schedule and job. dbt's models are not in
it, as their own project says what they are, nor the raw tables, which are named where they are needed.
"""

import sys
from collections.abc import Iterator

from dagster import AssetKey, AssetSpec, Definitions

from jarvis.freshness import DBT_SCHEMAS


def describe(definitions: Definitions) -> Iterator[str]:
    """The lines of one location, sorted within their kind."""
    repository = definitions.get_repository_def()
    specs = [spec for spec in own_assets(definitions) if spec.group_name != "raw" and not is_dbt(spec.key)]
    for spec in sorted(specs, key=lambda one: one.key):
        needs = ", ".join(sorted(dep.asset_key.to_user_string() for dep in spec.deps)) or "nothing"
        kinds = ", ".join(sorted(spec.kinds)) or "none"
        yield (
            f"asset {spec.key.to_user_string()}: group {spec.group_name}; kinds {kinds}; "
            f"owners {', '.join(spec.owners)}; needs {needs}"
        )
    graph = repository.asset_graph
    for key in sorted(graph.asset_check_keys, key=lambda one: (one.asset_key, one.name)):
        if not is_dbt(key.asset_key):
            blocking = " (blocking)" if graph.get(key).blocking else ""
            yield f"check {key.name}: on {key.asset_key.to_user_string()}{blocking}"
    for sensor in sorted(repository.sensor_defs, key=lambda one: one.name):
        yield f"sensor {sensor.name}"
    for schedule in sorted(repository.schedule_defs, key=lambda one: one.name):
        yield f"schedule {schedule.name}: {schedule.cron_schedule} {schedule.execution_timezone}"
    for job in sorted(repository.get_all_jobs(), key=lambda one: one.name):
        if not job.name.startswith("__"):
            yield f"job {job.name}"


def own_assets(definitions: Definitions) -> list[AssetSpec]:
    """What the location defines; another's assets and dbt's sources are in it too, without a group of their own."""
    return [spec for spec in definitions.resolve_all_asset_specs() if spec.group_name not in (None, "default")]


def is_dbt(key: AssetKey) -> bool:
    """True for a model of the dbt project."""
    return len(key.path) > 1 and key.path[0] in DBT_SCHEMAS


def main() -> int:
    """Both locations are printed."""
    from orchestration import analytics, live

    for name, definitions in (("live", live.process_defs()), ("analytics", analytics.process_defs())):
        sys.stdout.write(f"# {name}\n" + "".join(f"{line}\n" for line in describe(definitions)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
