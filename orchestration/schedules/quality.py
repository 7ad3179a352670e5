"""Every day at 00:50 UTC the raw tables are checked, before members, churn scores and reports of the day."""

from dagster import AssetSelection, JobDefinition, ScheduleDefinition, define_asset_job
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from orchestration.checks.quality import raw_quality
from orchestration.queues import HEAVY, QUEUE_TAG
from orchestration.schedules.clock import by_the_clock

QUALITY_JOB = "check_raw_quality"

# Two days of a hundred gyms take a minute, most of it the library.
MAX_RUNTIME_SECONDS = 1800


def quality_schedule() -> tuple[UnresolvedAssetJobDefinition | JobDefinition, ScheduleDefinition]:
    """The job over every suite, to be run by hand as well, and when it runs."""
    job = define_asset_job(
        QUALITY_JOB,
        selection=AssetSelection.checks(raw_quality),
        tags={QUEUE_TAG: HEAVY, "dagster/max_runtime": str(MAX_RUNTIME_SECONDS)},
        description="Checks the raw tables with Great Expectations, keeps the verdicts, renews the data docs.",
    )
    return job, by_the_clock(job, "50 0 * * *")
