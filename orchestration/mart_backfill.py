"""The job with which the data team has days of the growing marts made anew, and everything that is counted from them.

For what came later than `lookback_days`: a bill, a turn or a heartbeat of a day long gone. A day gets the rows that a
build with --full-refresh would give it, however often it is asked for; where heartbeats are deleted, it stays as it is.
"""

from collections.abc import Iterator
from typing import Any

import orjson
from dagster import JobDefinition, OpExecutionContext, Output, in_process_executor, job, op
from dagster_dbt.dbt_manifest import validate_manifest

from jarvis.settings import Settings
from orchestration.assets.marts import Names, told_by
from orchestration.days import DAYS, Days, span
from orchestration.dbt import prepare
from orchestration.queues import HEAVY, MARTS_POOL, QUEUE_TAG
from orchestration.warm_dbt import invoke

# With what is counted from them: the others are made whole by each build.
GROWING = ("fct_sessions", "fct_costs_daily", "fct_kiosk_daily")


def backfill_marts_job(settings: Settings) -> JobDefinition:
    """The job; a partition is a day, and its config may name a later last one."""

    @op(pool=MARTS_POOL)
    def make_days_anew(context: OpExecutionContext, config: Days) -> Iterator[Any]:
        """The days of the growing marts are made anew, then what stands on them; dbt's tests answer as checks."""
        first, last = span(context.partition_key, config)
        manifest = validate_manifest(prepare(settings))
        outcome = invoke(
            settings, "build", "--exclude-resource-type", "unit_test", "--select", *(f"{name}+" for name in GROWING),
            "--vars", orjson.dumps({"backfill_first_day": str(first), "backfill_last_day": str(last)}).decode(),
        )  # fmt: skip
        for _, told in told_by(outcome, settings, manifest, Names(), context):
            yield from told
        outcome.raise_if_failed()
        yield Output(None, metadata={"first_day": str(first), "last_day": str(last), "made": len(outcome.events)})

    @job(
        partitions_def=DAYS,
        executor_def=in_process_executor,
        tags={QUEUE_TAG: HEAVY, "dagster/max_runtime": "1800"},
    )
    def backfill_marts() -> None:
        """Makes days of the growing marts anew, and what is counted from them; one, or up to `last`."""
        make_days_anew()

    return backfill_marts
