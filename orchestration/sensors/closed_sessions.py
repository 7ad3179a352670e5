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
# A run that no worker has begun by then may have lost its message, as when a child dies with it in hand.
START_TRUSTED_FOR = timedelta(seconds=20)
# After a failed run closed sessions rest this long: an engine that cannot be made fails every run at once.
DUE_REST = timedelta(seconds=5)
# Work that a crash left between two stages rests longer: what fails there was tried already.
BEHIND_REST = timedelta(seconds=30)

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
        if conversations.has_due(connection):
            rest = DUE_REST
        elif conversations.are_stages_behind(connection):
            rest = BEHIND_REST
        else:
            rest = None
        if rest is None:
            postponed = conversations.seconds_until_next_due(connection)
            longest = min(remaining, WAIT_SLICE_SECONDS if postponed is None else max(postponed, 0.01))
            conversations.wait_for_closed_session(connection, timeout_seconds=min(longest, WAIT_SLICE_SECONDS))
        elif run_in_progress(instance, job_name=job_name, now=now) or run_failed_since(
            instance, job_name=job_name, since=now - rest
        ):
            time.sleep(RUN_POLL_SECONDS)
        else:
            return True
    return False


def run_in_progress(
    instance: DagsterInstance,
    *,
    job_name: str,
    now: datetime,
    trusted_for: timedelta = TRUSTED_FOR,
    start_trusted_for: timedelta = START_TRUSTED_FOR,
) -> bool:
    """True while a recent run of the job has not finished: it may still take what waits.

    Args:
        trusted_for: a run begun longer ago may have lost its worker.
        start_trusted_for: one that nobody has begun by then may have lost its message.
    """
    recent = RunsFilter(job_name=job_name, statuses=_IN_PROGRESS, created_after=now - trusted_for)
    return any(
        record.dagster_run.status is DagsterRunStatus.STARTED or record.create_timestamp > now - start_trusted_for
        for record in instance.get_run_records(filters=recent)
    )


def run_failed_since(instance: DagsterInstance, *, job_name: str, since: datetime) -> bool:
    """True when a run of the job has failed since the moment."""
    failed = RunsFilter(job_name=job_name, statuses=[DagsterRunStatus.FAILURE], updated_after=since)
    return bool(instance.get_run_records(filters=failed, limit=1))
