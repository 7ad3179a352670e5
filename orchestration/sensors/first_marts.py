"""The sensor that builds the marts of a new database at once, instead of at the next quarter of an hour."""

from dagster import DefaultSensorStatus, RunRequest, SensorDefinition, SensorEvaluationContext, SkipReason, sensor
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from orchestration.resources import Warehouse
from warehouse.stores import marts

LOOK_EVERY_SECONDS = 30


def first_marts_sensor(job: UnresolvedAssetJobDefinition) -> SensorDefinition:
    """The sensor that asks once for a run of `job` while the database has no mart."""

    @sensor(
        name="first_marts",
        job=job,
        minimum_interval_seconds=LOOK_EVERY_SECONDS,
        default_status=DefaultSensorStatus.RUNNING,
    )
    def first_marts(context: SensorEvaluationContext, warehouse: Warehouse) -> RunRequest | SkipReason:
        """Asks for one build of a database without marts."""
        with warehouse.connect(autocommit=True) as connection:
            if marts.are_built(connection):
                return SkipReason("the marts are built; the schedule keeps them fresh")
        # Remembered for ever, on purpose: a build that fails is the schedule's business, not asked for in a loop.
        return RunRequest(run_key="first build")

    return first_marts
