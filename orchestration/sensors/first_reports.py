"""The sensor that has the first reports written as soon as there is a finished period to tell of.

The schedules write on Mondays and in the mornings. Whoever starts on another day, or opens a gym, would look at an
empty page until then; everybody who has a report already is left to the schedules.
"""

from datetime import UTC, datetime

from dagster import DefaultSensorStatus, RunConfig, RunRequest, SensorDefinition, SensorEvaluationContext, sensor
from dagster import SkipReason as Skip
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from jarvis.reports import ReportKind
from orchestration.assets.reports import Reporting
from orchestration.resources import Warehouse
from warehouse.stores import marts
from warehouse.stores.first_reports import FirstReports, first_reports

LOOK_EVERY_SECONDS = 30
# A month or a quarter waits for its day: what a new gym wants to read is its first days and weeks.
FIRST_KINDS = (ReportKind.WEEKLY, ReportKind.DAILY)


def first_reports_sensor(
    writing: UnresolvedAssetJobDefinition, building: UnresolvedAssetJobDefinition
) -> SensorDefinition:
    """The sensor that asks for `writing`, and for `building` before it where the marts are behind."""

    @sensor(
        name="first_reports",
        jobs=[writing, building],
        minimum_interval_seconds=LOOK_EVERY_SECONDS,
        default_status=DefaultSensorStatus.RUNNING,
    )
    def first_reports_due(context: SensorEvaluationContext, warehouse: Warehouse) -> list[RunRequest] | Skip:
        """Asks for the first reports of whoever has none."""
        now = datetime.now(UTC)
        with warehouse.connect(autocommit=True) as connection:
            if not marts.are_built(connection):
                return Skip("the marts are not built yet")
            due = {kind: first_reports(connection, kind, now=now) for kind in FIRST_KINDS}
        requests = wanted(due, now=now, writing=writing.name, building=building.name)
        return requests or Skip("nobody waits for a first report that could be written now")

    return first_reports_due


def wanted(
    due: dict[ReportKind, FirstReports], *, now: datetime, writing: str, building: str
) -> list[RunRequest]:  # fmt: skip
    """The runs to ask for: a build for each cause once, a writing once an hour at most while it is due."""
    behind = [first.behind_since for first in due.values() if first.behind_since is not None]
    requests = []
    if behind:
        requests.append(RunRequest(job_name=building, run_key=f"before first reports {max(behind).isoformat()}"))
    for kind, first in due.items():
        if first.ready:
            # Remembered for ever: a run that fails is asked for again in the next hour, not every half minute.
            subjects = "-".join(sorted(str(one.gym_id or one.franchise_id)[:8] for one in first.ready))
            requests.append(
                RunRequest(
                    job_name=writing,
                    run_key=f"first {kind.value} {now:%Y-%m-%dT%H} {subjects}",
                    run_config=RunConfig(ops={"insights_reports": Reporting(kind=kind, only_first=True)}),
                )
            )
    return requests
