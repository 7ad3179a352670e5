"""The alerts stage as an asset: what a manager should act on, with the words it rests on."""

from dagster import Failure, MaterializeResult, asset

from orchestration import batches
from orchestration.assets.conversations import conversation_summaries
from orchestration.assets.members import member_analytics
from orchestration.resources import Analyst, Warehouse


@asset(group_name="alerts", kinds={"postgres", "python"}, deps=[conversation_summaries, member_analytics])
def manager_alerts(warehouse: Warehouse, analyst: Analyst) -> MaterializeResult[None]:
    """One open row per cause and gym: negative feedback, equipment issues, churn risk, milestones.

    Weighs each analysed conversation once; the same cause again raises the count of the open alert.
    """
    with warehouse.connect() as connection:
        report = batches.raise_alerts(connection, negative_feedback_below=analyst.negative_feedback_below())
    if report.refused:
        raise Failure(f"the database refused the alerts of {report.refused} sessions: their ids are in the log")
    return MaterializeResult(metadata={"alerts": report.written.total(), "by_type": dict(report.written)})
