"""The churn stage by the clock: scores every night."""

from dagster import AssetSelection, DefaultScheduleStatus, ScheduleDefinition, define_asset_job
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from orchestration.queues import HEAVY, QUEUE_TAG

SCORING_JOB = "score_churn"

# Ten thousand members take seconds; a run that is still going after this hangs.
MAX_RUNTIME_SECONDS = 1800


def scoring_schedule() -> tuple[UnresolvedAssetJobDefinition, ScheduleDefinition]:
    """The job that scores a day, and the schedule that runs it at 02:00 UTC (seed, "Job 1")."""
    job = define_asset_job(
        SCORING_JOB,
        selection=AssetSelection.assets("churn_scores"),
        tags={QUEUE_TAG: HEAVY, "dagster/max_runtime": str(MAX_RUNTIME_SECONDS)},
        description="Scores every member's risk of leaving; run again, it replaces the day's scores.",
    )
    return job, ScheduleDefinition(
        job=job,
        cron_schedule="0 2 * * *",
        execution_timezone="UTC",
        default_status=DefaultScheduleStatus.RUNNING,
    )
