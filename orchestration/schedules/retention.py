"""Sunday 03:00 UTC: what was kept long enough goes (the seed's third job)."""

from dagster import AssetSelection, ScheduleDefinition, define_asset_job

from orchestration.assets.retention import retention_proofs
from orchestration.queues import HEAVY, QUEUE_TAG
from orchestration.schedules.clock import by_the_clock

RETENTION_JOB = "keep_retention"

# A first run over two years of a hundred gyms takes minutes; batches commit, so a run cut short loses nothing.
MAX_RUNTIME_SECONDS = 3600


def retention_schedule() -> ScheduleDefinition:
    """The job over the asset and its check, and when it runs."""
    job = define_asset_job(
        RETENTION_JOB,
        selection=AssetSelection.assets(retention_proofs),
        tags={QUEUE_TAG: HEAVY, "dagster/max_runtime": str(MAX_RUNTIME_SECONDS)},
        description="Archives, aggregates, deletes what is past its term; `dry: true` only counts.",
    )
    return by_the_clock(job, "0 3 * * 0")
