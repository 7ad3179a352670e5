"""How a job of ours is started by the clock: in UTC, which knows no change of clocks, and from the first start on."""

from dagster import DefaultScheduleStatus, JobDefinition, RunConfig, ScheduleDefinition
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition


def by_the_clock(
    job: JobDefinition | UnresolvedAssetJobDefinition,
    cron: str,
    *,
    name: str | None = None,
    run_config: RunConfig | None = None,
) -> ScheduleDefinition:
    """The schedule of a job; without a name it is the job's own."""
    return ScheduleDefinition(
        name=name,
        job=job,
        cron_schedule=cron,
        run_config=run_config,
        execution_timezone="UTC",
        default_status=DefaultScheduleStatus.RUNNING,
    )
