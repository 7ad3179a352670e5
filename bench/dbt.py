"""Seconds of a build of every mart of the demo network, warm and by dbt's command line, and their ratio.

Prints one JSON line. Warm is what Dagster's worker does: dbt inside a process that has parsed the project. The second
figure is a build after new rows in one table, of what is downstream of it only. Starts a database of its own.
"""

import argparse
import json
import time
from collections.abc import Callable

import psycopg

from bench.support.database import scratch_database
from orchestration import dbt
from orchestration.assets.marts import selection_of
from orchestration.warm_dbt import invoke
from warehouse.demo.simulate import simulate

DAYS, MEMBERS, SEED = 90, 2000, 7


def main() -> None:
    """One JSON line: seconds of each way, and their ratios."""
    parser = argparse.ArgumentParser(prog="python -m bench.dbt", description=__doc__)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--members", type=int, default=MEMBERS)
    parser.add_argument("--select", help="of dbt, instead of everything")
    asked = parser.parse_args()
    with scratch_database() as settings:
        with psycopg.connect(settings.database_url_for("pipeline")) as pipeline:
            simulate(pipeline, days=asked.days, members=asked.members, seed=SEED)
        selected = ["--select", asked.select] if asked.select else []
        # What the worker has done before its first run: the project is parsed, dbt is loaded.
        invoke(settings, "parse")
        first = seconds_of(lambda: invoke(settings, "build", *selected).raise_if_failed())
        warm = seconds_of(lambda: invoke(settings, "build", *selected).raise_if_failed())
        command = seconds_of(lambda: dbt.run(settings, "build", *selected))
        changed = selection_of({"public.manager_alerts"}, dbt.prepare(settings))
        part = seconds_of(lambda: invoke(settings, "build", *changed).raise_if_failed())
    print(
        json.dumps(
            {
                "bench": "dbt",
                "members": asked.members,
                "first_build_seconds": round(first, 1),
                "warm_build_seconds": round(warm, 1),
                "command_line_build_seconds": round(command, 1),
                "changed_alerts_build_seconds": round(part, 1),
                "command_line_to_warm": round(command / warm, 2),
                "command_line_to_changed": round(command / part, 2),
            }
        )
    )


def seconds_of(work: Callable[[], object]) -> float:
    """Wall seconds of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
