"""The live code location: from a closed session to the manager's alert.

Every cold start pays for this module's imports: no dbt, no scikit-learn, no data quality suite here
or in what it imports (`bench/import_time.py` measures it).
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

from orchestration.assets.alerts import manager_alerts
from orchestration.assets.conversations import conversation_summaries
from orchestration.assets.engines import engine_versions
from orchestration.assets.enrichments import enriched_conversations
from orchestration.assets.kiosk_health import kiosk_health
from orchestration.assets.members import member_analytics
from orchestration.assets.raw import raw_assets
from orchestration.checks.live import LIVE_CHECKS
from orchestration.presentation import linked, presented
from orchestration.queues import ENRICHMENT, HEAVY, LIVE, QUEUE_TAG
from orchestration.reanalysis import reanalyse, reanalyse_days
from orchestration.resources import Analyst, Warehouse
from orchestration.schedules.freshness import freshness_schedule
from orchestration.schedules.members import members_schedule
from orchestration.schedules.run_history import run_history_schedule
from orchestration.schedules.storage import settle_words, storage_schedule
from orchestration.sensors.closed_sessions import closed_sessions_sensor
from orchestration.sensors.waiting_enrichments import waiting_enrichments_sensor

LIVE_JOB = "analyse_closed_sessions"
ENRICH_JOB = "enrich_conversations"
CHECKS_JOB = "check_live_layers"
KIOSKS_JOB = "watch_kiosks"

# A run that is still going after this hangs: a live one drains for seconds, and a hosted batch ends within 180.
MAX_RUNTIME_SECONDS = 300


def build_defs(*, resource_overrides: Mapping[str, object] | None = None) -> Definitions:
    """The live assets, their checks, the sensor and the schedule; a test swaps a resource by its name."""
    assets = [conversation_summaries, member_analytics, manager_alerts]
    live_job = define_asset_job(
        LIVE_JOB,
        # Checks have a job of their own, as no alert waits for them; the engine's blocks, and goes first.
        selection=AssetSelection.assets(*assets).without_checks() | AssetSelection.assets(engine_versions),
        tags={QUEUE_TAG: LIVE, "dagster/max_runtime": str(MAX_RUNTIME_SECONDS)},
        description="Analyses the sessions that wait, then their members, then the alerts.",
    )
    enrich_job = define_asset_job(
        ENRICH_JOB,
        # The members and the alerts at once after it, and nothing twice: both take what nobody has taken.
        selection=AssetSelection.assets(enriched_conversations, member_analytics, manager_alerts).without_checks(),
        tags={QUEUE_TAG: ENRICHMENT, "dagster/max_runtime": str(MAX_RUNTIME_SECONDS)},
        description="Lets the hosted engine enrich what the local one has said, then their members and alerts.",
    )
    checks_job = define_asset_job(
        CHECKS_JOB,
        selection=AssetSelection.checks(*LIVE_CHECKS),
        tags={QUEUE_TAG: HEAVY},
        description="Checks that each live layer tells the truth.",
    )
    kiosks_job = define_asset_job(
        KIOSKS_JOB,
        selection=AssetSelection.assets(kiosk_health),
        tags={QUEUE_TAG: HEAVY, "dagster/max_runtime": str(MAX_RUNTIME_SECONDS)},
        description="Marks silent kiosks as offline and raises or ends their alerts.",
    )
    history_job, history_schedule = run_history_schedule()
    members_job, members_nightly = members_schedule()
    freshness_job, freshness_often = freshness_schedule()
    definitions = Definitions(
        assets=[*raw_assets(), *linked([engine_versions, *assets, enriched_conversations, kiosk_health])],
        asset_checks=list(LIVE_CHECKS),
        jobs=[
            live_job,
            enrich_job,
            checks_job,
            kiosks_job,
            history_job,
            freshness_job,
            members_job,
            reanalyse,
            reanalyse_days,
            settle_words,
        ],
        sensors=[closed_sessions_sensor(live_job), waiting_enrichments_sensor(enrich_job)],
        schedules=[
            ScheduleDefinition(
                job=checks_job,
                cron_schedule="*/10 * * * *",
                execution_timezone="UTC",
                default_status=DefaultScheduleStatus.RUNNING,
            ),
            # Seed: every 5 minutes.
            ScheduleDefinition(
                job=kiosks_job,
                cron_schedule="*/5 * * * *",
                execution_timezone="UTC",
                default_status=DefaultScheduleStatus.RUNNING,
            ),
            history_schedule,
            freshness_often,
            members_nightly,
            storage_schedule(),
        ],
        resources={"warehouse": Warehouse(), "analyst": Analyst(), **(resource_overrides or {})},
        executor=in_process_executor,
    )
    return presented(definitions)


@cache
def process_defs() -> Definitions:
    """The definitions of this process; a warm worker builds them once, not once a run."""
    return build_defs()


@definitions
def defs() -> Definitions:
    """What the code server and the workers load."""
    return process_defs()
