"""The reports stage by the clock: written after the night's scores, delivered every quarter of an hour when due."""

from collections.abc import Mapping, Sequence

from dagster import AssetSelection, RunConfig, ScheduleDefinition, define_asset_job
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from jarvis.reports import ReportKind
from orchestration.assets.reports import Reporting, insights_reports, report_deliveries
from orchestration.queues import HEAVY, QUEUE_TAG
from orchestration.schedules.clock import by_the_clock

REPORTING_JOB = "write_reports"
DELIVERY_JOB = "deliver_reports"

# The weekly one is the seed's second job. All in UTC: the days a report covers are its gym's own.
CRON_OF: Mapping[ReportKind, str] = {
    ReportKind.DAILY: "30 5 * * *",
    ReportKind.WEEKLY: "0 6 * * 1",
    ReportKind.MONTHLY: "15 6 1 * *",
    ReportKind.QUARTERLY: "30 6 1 1,4,7,10 *",
}

# A hundred gyms take seconds, a hundred letters minutes; what still runs after this hangs.
MAX_RUNTIME_SECONDS = 1800


def reports_schedules() -> tuple[Sequence[UnresolvedAssetJobDefinition], Sequence[ScheduleDefinition]]:
    """The two jobs and their five schedules."""
    tags = {QUEUE_TAG: HEAVY, "dagster/max_runtime": str(MAX_RUNTIME_SECONDS)}
    writing = define_asset_job(
        REPORTING_JOB,
        selection=AssetSelection.assets(insights_reports, report_deliveries),
        tags=tags,
        description="Writes the last whole period's reports, publishes those nobody reads first, delivers what is due.",
    )
    delivering = define_asset_job(
        DELIVERY_JOB,
        selection=AssetSelection.assets(report_deliveries),
        tags=tags,
        description="Delivers the reports that wait: after quiet hours, after a failed try, once a server is there.",
    )
    schedules = [
        by_the_clock(
            writing,
            cron,
            name=f"write_{kind.value}_reports",
            run_config=RunConfig(ops={"insights_reports": Reporting(kind=kind)}),
        )
        for kind, cron in CRON_OF.items()
    ]
    schedules.append(by_the_clock(delivering, "*/15 * * * *"))
    return (writing, delivering), schedules
