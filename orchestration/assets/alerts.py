"""The alerts stage as an asset: what a manager should act on, with the words it rests on."""

from dagster import AssetExecutionContext, MaterializeResult, asset

from orchestration import batches
from orchestration.assets.conversations import conversation_summaries
from orchestration.assets.members import member_analytics
from orchestration.assets.refusals import reported
from orchestration.previews import held
from orchestration.resources import Analyst, Warehouse


@asset(group_name="alerts", kinds={"postgres", "python"}, deps=[conversation_summaries, member_analytics])
def manager_alerts(context: AssetExecutionContext, warehouse: Warehouse, analyst: Analyst) -> MaterializeResult[None]:
    """One open row per cause and gym: negative feedback, equipment issues, churn risk, milestones.

    Weighs each analysed conversation once; the same cause again raises the count of the open alert.
    A conversation whose alert is refused is put off alone, and parked after three tries.
    """
    with warehouse.connect() as connection:
        report = batches.raise_alerts(connection, negative_feedback_below=analyst.negative_feedback_below())
        told = held(connection, "manager_alerts")
    return MaterializeResult(
        metadata={
            "alerts": report.written.total(),
            "by_type": dict(report.written),
            **reported(context.log, report.refused),
            **told,
        }
    )
