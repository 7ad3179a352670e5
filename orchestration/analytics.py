"""The analytics code location: what takes minutes and may wait: marts and churn.

Its runs go to the heavy queue, so that nothing here delays an alert. It needs the manifest that
`orchestration.dbt.prepare` makes before Dagster starts; where it is missing, loading makes it.
"""

from collections.abc import Mapping
from functools import cache

from dagster import (
    AssetSelection,
    DefaultScheduleStatus,
    Definitions,
    ScheduleDefinition,
    define_asset_job,
    definitions,
    in_process_executor,
)

from jarvis.settings import Settings
from orchestration.assets.alert_digests import alert_digests
from orchestration.assets.alert_upkeep import weekly_choices
from orchestration.assets.churn import churn_champion, churn_model, churn_scores
from orchestration.assets.marts import marts_assets
from orchestration.assets.reports import insights_reports, report_deliveries
from orchestration.assets.retention import nothing_is_kept_too_long, retention_proofs
from orchestration.checks.churn import CHURN_CHECKS
from orchestration.checks.quality import QUALITY_CHECKS, raw_tables_may_be_built_upon
from orchestration.mart_backfill import backfill_marts_job
from orchestration.presentation import linked, presented
from orchestration.queues import HEAVY, QUEUE_TAG
from orchestration.resources import Warehouse, process_settings
from orchestration.schedules.alert_digests import digest_schedule
from orchestration.schedules.alert_upkeep import upkeep_schedule
from orchestration.schedules.churn import scoring_schedule, training_schedule
from orchestration.schedules.documentation import documentation_schedule
from orchestration.schedules.quality import quality_schedule
from orchestration.schedules.reports import reports_schedules
from orchestration.schedules.retention import retention_schedule
from orchestration.sensors.first_marts import first_marts_sensor
from orchestration.sensors.first_reports import first_reports_sensor

MARTS_JOB = "build_marts"

# A build takes seconds; one that is still going after this hangs.
MAX_RUNTIME_SECONDS = 1800


def build_defs(
    *, settings: Settings | None = None, resource_overrides: Mapping[str, object] | None = None
) -> Definitions:
    """Marts and churn with their checks, and the schedules that run them; a test swaps a resource by its name."""
    job = define_asset_job(
        MARTS_JOB,
        # Raw tables that fail their contract block the way: marts built upon them would lie.
        selection=AssetSelection.groups("staging", "marts") | AssetSelection.checks(raw_tables_may_be_built_upon),
        tags={QUEUE_TAG: HEAVY, "dagster/max_runtime": str(MAX_RUNTIME_SECONDS)},
        description="Builds and checks every mart.",
    )
    own = settings or process_settings()
    scoring_job, scoring = scoring_schedule()
    upkeep_job, upkeep = upkeep_schedule()
    digest_job, digest = digest_schedule()
    training_job, training = training_schedule()
    quality_job, quality = quality_schedule()
    documentation_job, documentation = documentation_schedule()
    reporting_jobs, reporting = reports_schedules()
    definitions = Definitions(
        assets=linked(
            [
                marts_assets(own),
                churn_scores,
                churn_model,
                churn_champion,
                weekly_choices,
                alert_digests,
                insights_reports,
                report_deliveries,
                retention_proofs,
            ]
        ),
        asset_checks=[nothing_is_kept_too_long, *CHURN_CHECKS, *QUALITY_CHECKS],
        jobs=[
            job,
            backfill_marts_job(own),
            quality_job,
            documentation_job,
            scoring_job,
            training_job,
            upkeep_job,
            digest_job,
            *reporting_jobs,
        ],
        schedules=[
            ScheduleDefinition(
                job=job,
                cron_schedule="*/15 * * * *",
                execution_timezone="UTC",
                default_status=DefaultScheduleStatus.RUNNING,
            ),
            quality,
            documentation,
            scoring,
            training,
            retention_schedule(),
            upkeep,
            digest,
            *reporting,
        ],
        sensors=[first_marts_sensor(job), first_reports_sensor(reporting_jobs[0], job)],
        resources={"warehouse": Warehouse(), **(resource_overrides or {})},
        executor=in_process_executor,
    )
    return presented(definitions)


@cache
def process_defs() -> Definitions:
    """The definitions of this process; the settings are read, and dbt's manifest is made, at the first call."""
    return build_defs()


@definitions
def defs() -> Definitions:
    """What the code server and the workers load."""
    return process_defs()
