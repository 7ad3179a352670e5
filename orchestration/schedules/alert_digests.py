"""The digest of alerts by the clock: Monday, with hourly runs for what could not be sent at once.

A person may be silent until the afternoon, or live overseas: who was missed on Monday got no digest of that week.
"""

from dagster import AssetSelection, ScheduleDefinition, define_asset_job
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from orchestration.queues import HEAVY, QUEUE_TAG
from orchestration.schedules.clock import by_the_clock

DIGEST_JOB = "send_alert_digests"

MAX_RUNTIME_SECONDS = 1800


def digest_schedule() -> tuple[UnresolvedAssetJobDefinition, ScheduleDefinition]:
    """The job that makes and sends the digests, and its schedule: Monday 06:20 UTC, then hourly until 23:20."""
    job = define_asset_job(
        DIGEST_JOB,
        selection=AssetSelection.assets("alert_digests"),
        tags={QUEUE_TAG: HEAVY, "dagster/max_runtime": str(MAX_RUNTIME_SECONDS)},
        description="Sends who answers for each gym the week's alerts; run again, it sends only what was not sent.",
    )
    return job, by_the_clock(job, "20 6-23 * * 1")
