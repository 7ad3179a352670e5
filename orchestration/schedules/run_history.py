"""Dagster's own history has an end: its event log otherwise grows for ever.

A run writes some thirty events and a busy network has thousands of runs a day. Members' data is not
in it; their retention is another job.
"""

from datetime import UTC, datetime, timedelta

from dagster import (
    DagsterInstance,
    DagsterRunStatus,
    JobDefinition,
    OpExecutionContext,
    RunsFilter,
    ScheduleDefinition,
    in_process_executor,
    job,
    op,
)

from orchestration.queues import HEAVY, QUEUE_TAG
from orchestration.schedules.clock import by_the_clock

KEEP_RUNS_FOR = timedelta(days=14)
# A run at a time is deleted; what is left over waits for the next night.
RUNS_A_NIGHT = 20_000

_FINISHED = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]


def purge_runs(instance: DagsterInstance, *, before: datetime, limit: int = RUNS_A_NIGHT) -> int:
    """Finished runs created before the moment are gone with their events; how many."""
    finished = RunsFilter(statuses=_FINISHED, created_before=before)
    runs = instance.get_run_records(filters=finished, limit=limit, ascending=True)
    for record in runs:
        instance.delete_run(record.dagster_run.run_id)
    return len(runs)


@op
def purge_old_runs(context: OpExecutionContext) -> None:
    """Runs older than two weeks are gone."""
    purged = purge_runs(context.instance, before=datetime.now(UTC) - KEEP_RUNS_FOR)
    context.add_output_metadata({"runs": purged})


@job(
    executor_def=in_process_executor,
    tags={QUEUE_TAG: HEAVY},
)
def purge_run_history() -> None:
    """Deletes the history of runs older than two weeks."""
    purge_old_runs()


def run_history_schedule() -> tuple[JobDefinition, ScheduleDefinition]:
    """The job and the schedule that runs it every night at 03:30 UTC."""
    return purge_run_history, by_the_clock(purge_run_history, "30 3 * * *")
