"""The sensor that starts a run of the second tier while conversations wait for the hosted engine.

It looks at the queue every few seconds and waits for nothing: what it starts is nobody's first sight of a
conversation. One run at a time: a provider's limits are shared anyway, and a second run would only wait behind the
first in the same worker.
"""

from datetime import UTC, datetime, timedelta

from dagster import DefaultSensorStatus, RunRequest, SensorDefinition, SensorEvaluationContext, SkipReason, sensor
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from orchestration.resources import Analyst, Warehouse
from orchestration.sensors.closed_sessions import run_failed_since, run_in_progress
from warehouse.stores import enrichments

INTERVAL_SECONDS = 5
# A run that is still going after this is ended by Dagster's monitoring; until then it may still take what waits.
TRUSTED_FOR = timedelta(minutes=6)
# After a failed run: its conversations are put off as long, and others would meet the same provider.
FAILURE_REST = timedelta(seconds=30)


def waiting_enrichments_sensor(job: UnresolvedAssetJobDefinition) -> SensorDefinition:
    """The sensor that asks for one run of `job` at a time."""

    @sensor(
        name="waiting_enrichments",
        job=job,
        minimum_interval_seconds=INTERVAL_SECONDS,
        default_status=DefaultSensorStatus.RUNNING,
    )
    def waiting_enrichments(
        context: SensorEvaluationContext, warehouse: Warehouse, analyst: Analyst
    ) -> RunRequest | SkipReason:
        """Asks for one run of the second tier where the settings have one and a conversation is due."""
        if not analyst.has_second_tier():
            return SkipReason("the settings choose the local engine only")
        now = datetime.now(UTC)
        if run_in_progress(
            context.instance, job_name=job.name, now=now, trusted_for=TRUSTED_FOR, start_trusted_for=TRUSTED_FOR
        ):
            return SkipReason("a run is on its way")
        if run_failed_since(context.instance, job_name=job.name, since=now - FAILURE_REST):
            return SkipReason("the last run failed a moment ago")
        with warehouse.connect(autocommit=True) as connection:
            return RunRequest() if enrichments.has_due(connection) else SkipReason("no conversation is due")

    return waiting_enrichments
