"""The sensor that starts a live run the moment a session closes.

The queue is the table. The sensor looks at it first and then waits inside its tick for the
notification of a close, so nothing depends on a notification that was missed, and a run starts
within milliseconds of one that was not. No cursor and no run key: both remember for ever, and
a session must be analysable again.
"""

import time
from datetime import UTC, datetime, timedelta

from dagster import (
    DagsterInstance,
    DagsterRunStatus,
    DefaultSensorStatus,
    RunRequest,
    RunsFilter,
    SensorDefinition,
    SensorEvaluationContext,
    SkipReason,
    sensor,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from psycopg import Connection

from orchestration.resources import Warehouse
from warehouse.stores import conversations

# Dagster gives a tick 60 s.
WAIT_SECONDS = 45.0
# The longest a stopping code server waits for us.
WAIT_SLICE_SECONDS = 1.0
# How often a run in progress is looked at while sessions wait for the next one.
RUN_POLL_SECONDS = 0.05
# A run older than this may have lost its worker: another one is asked for, and skips what is locked.
TRUSTED_FOR = timedelta(seconds=60)
# After a failed run, work left between two stages rests this long; closed sessions do not wait for it.
FAILURE_REST = timedelta(seconds=30)

_IN_PROGRESS = [
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
]


def closed_sessions_sensor(job: UnresolvedAssetJobDefinition) -> SensorDefinition:
    """The sensor that asks for one run of `job` per batch of closed sessions."""

    @sensor(name="closed_sessions", job=job, minimum_interval_seconds=1, default_status=DefaultSensorStatus.RUNNING)
    def closed_sessions(context: SensorEvaluationContext, warehouse: Warehouse) -> RunRequest | SkipReason:
        """Asks for one live run as soon as closed sessions wait and no run is on its way to them."""
        with warehouse.connect(autocommit=True) as connection:
            conversations.listen(connection)
            if wait_for_work(connection, context.instance, job_name=job.name, seconds=WAIT_SECONDS):
                return RunRequest()
        return SkipReason(f"no session closed within {WAIT_SECONDS:.0f} s")

    return closed_sessions


def wait_for_work(connection: Connection, instance: DagsterInstance, *, job_name: str, seconds: float) -> bool:
    """True as soon as sessions wait and no run is in progress; False when neither came about in time."""
    until = time.monotonic() + seconds
    while (remaining := until - time.monotonic()) > 0:
        now = datetime.now(UTC)
        has_work = conversations.has_due(connection) or (
            # A crash left an analysed session between two stages; what fails there is not retried at once.
            conversations.are_stages_behind(connection) and not run_failed_lately(instance, job_name=job_name, now=now)
        )
        if not has_work:
            postponed = conversations.seconds_until_next_due(connection)
            longest = min(remaining, WAIT_SLICE_SECONDS if postponed is None else max(postponed, 0.01))
            conversations.wait_for_closed_session(connection, timeout_seconds=min(longest, WAIT_SLICE_SECONDS))
        elif run_in_progress(instance, job_name=job_name, now=now):
            time.sleep(RUN_POLL_SECONDS)
        else:
            return True
    return False


def run_in_progress(instance: DagsterInstance, *, job_name: str, now: datetime) -> bool:
    """True while a recent run of the job has not finished: it may still take what waits."""
    recent = RunsFilter(job_name=job_name, statuses=_IN_PROGRESS, created_after=now - TRUSTED_FOR)
    return bool(instance.get_run_records(filters=recent, limit=1))


def run_failed_lately(instance: DagsterInstance, *, job_name: str, now: datetime) -> bool:
    """True when a run of the job failed within the last half minute."""
    failed = RunsFilter(job_name=job_name, statuses=[DagsterRunStatus.FAILURE], updated_after=now - FAILURE_REST)
    return bool(instance.get_run_records(filters=failed, limit=1))
