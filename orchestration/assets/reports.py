"""The reports stage as assets: what is written of each gym and franchise, and who has got it."""

from datetime import UTC, datetime

from dagster import AssetExecutionContext, AssetKey, Config, MaterializeResult, asset
from pydantic import Field

from jarvis.reports import ReportKind
from orchestration import reports
from orchestration.previews import held
from orchestration.resources import Warehouse, process_settings
from warehouse.connection import connect
from warehouse.mailer import mailer_for


class Reporting(Config):
    """Which reports a run writes."""

    kind: ReportKind = Field(default=ReportKind.WEEKLY, description="daily, weekly, monthly or quarterly.")
    as_of: str | None = Field(
        default=None, description="A moment such as 2026-11-23T06:00:00+00:00; the last whole period before it. Now."
    )
    only_first: bool = Field(
        default=False, description="Only of those that have had none of this kind, and have something to tell of."
    )


@asset(
    group_name="reports",
    kinds={"postgres", "python"},
    deps=[AssetKey(["marts", "fct_gym_daily"]), AssetKey(["marts", "fct_sessions"]), AssetKey("manager_alerts")],
)
def insights_reports(
    context: AssetExecutionContext, config: Reporting, warehouse: Warehouse
) -> MaterializeResult[None]:
    """One report per gym and franchise for the last whole period: figures, changes, insights with evidence, actions.

    Published, or a draft where somebody reads reports before they are sent. Run again it changes nothing that
    people have got already.
    """
    now = datetime.fromisoformat(config.as_of) if config.as_of else datetime.now(UTC)
    with warehouse.connect() as connection:
        written = reports.write_reports(connection, config.kind, now=now, only_first=config.only_first)
        told = held(connection, "insights_reports")
    return MaterializeResult(
        metadata={
            "kind": config.kind.value,
            "published": written.published,
            "drafts": written.drafts,
            "unchanged": written.unchanged,
            **told,
        }
    )


@asset(group_name="reports", kinds={"postgres", "python"}, deps=[insights_reports])
def report_deliveries(context: AssetExecutionContext, warehouse: Warehouse) -> MaterializeResult[None]:
    """One row per report and recipient: sent, waiting with a reason, or given up; rendered with their own rights."""
    settings = process_settings()
    with (
        warehouse.connect() as connection,
        connect(settings.database_url_for("dashboard"), application_name="jarvis-reports") as readers,
    ):
        done = reports.deliver_reports(connection, readers, mailer_for(settings), settings, now=datetime.now(UTC))
        told = held(connection, "report_deliveries")
    return MaterializeResult(
        metadata={
            "sent": done.sent,
            "waiting": done.waiting,
            "suppressed": done.suppressed,
            "failed": done.failed,
            **told,
        }
    )
