"""Alert upkeep by the clock: every quarter of an hour, on the heavy queue, so that no live run waits for it."""

from dagster import AssetSelection, ScheduleDefinition, define_asset_job
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from orchestration.queues import HEAVY, QUEUE_TAG
from orchestration.schedules.clock import by_the_clock

UPKEEP_JOB = "keep_up_alerts"

# Ten thousand members take seconds; a run that is still going after this hangs.
MAX_RUNTIME_SECONDS = 600


def upkeep_schedule() -> tuple[UnresolvedAssetJobDefinition, ScheduleDefinition]:
    """The job that ends, raises and chooses alerts, and its schedule: beside the marts, not with them."""
    job = define_asset_job(
        UPKEEP_JOB,
        selection=AssetSelection.assets("alert_choices"),
        tags={QUEUE_TAG: HEAVY, "dagster/max_runtime": str(MAX_RUNTIME_SECONDS)},
        description="Ends alerts whose cause ended, raises those nobody took, and chooses the members to call.",
    )
    return job, by_the_clock(job, "7-59/15 * * * *")
