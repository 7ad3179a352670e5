"""The churn stage by the clock: scores every night, trains every week."""

from dagster import AssetSelection, ScheduleDefinition, define_asset_job
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from orchestration.queues import HEAVY, QUEUE_TAG
from orchestration.schedules.clock import by_the_clock

SCORING_JOB = "score_churn"
TRAINING_JOB = "train_churn"

# Ten thousand members take seconds; a run that is still going after this hangs.
MAX_RUNTIME_SECONDS = 1800


def training_schedule() -> tuple[UnresolvedAssetJobDefinition, ScheduleDefinition]:
    """The job that trains a candidate and promotes it past its check, and the schedule: Sundays at 01:00 UTC."""
    job = define_asset_job(
        TRAINING_JOB,
        selection=AssetSelection.assets("churn_model", "churn_champion"),
        tags={QUEUE_TAG: HEAVY, "dagster/max_runtime": str(MAX_RUNTIME_SECONDS)},
        description="Trains a churn model; it decides from the next night on if it beats the rules and the champion.",
    )
    return job, by_the_clock(job, "0 1 * * 0")  # Before that night's scoring at 02:00.


def scoring_schedule() -> tuple[UnresolvedAssetJobDefinition, ScheduleDefinition]:
    """The job that scores a day, and the schedule that runs it at 02:00 UTC (seed, "Job 1")."""
    job = define_asset_job(
        SCORING_JOB,
        selection=AssetSelection.assets("churn_scores"),
        tags={QUEUE_TAG: HEAVY, "dagster/max_runtime": str(MAX_RUNTIME_SECONDS)},
        description="Scores every member's risk of leaving; run again, it replaces the day's scores.",
    )
    return job, by_the_clock(job, "0 2 * * *")
