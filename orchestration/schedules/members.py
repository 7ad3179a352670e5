"""Every member's analytics are of today before churn is scored: visits without a word, and days that went by.

A conversation recounts its member at once (`orchestration/assets/members.py`). Days since the last visit,
habits and mutes move by themselves, so the night recounts everybody: at 01:30 UTC, half an hour before
churn. In France that is after midnight all year; overseas the row says which day it is of.
"""

from dagster import (
    AssetMaterialization,
    JobDefinition,
    OpExecutionContext,
    ScheduleDefinition,
    in_process_executor,
    job,
    op,
)

from orchestration import batches
from orchestration.assets.members import member_analytics
from orchestration.queues import HEAVY, QUEUE_TAG
from orchestration.resources import Warehouse
from orchestration.schedules.clock import by_the_clock

REFUSED_SHOWN = 20


@op
def refresh_all_members(context: OpExecutionContext, warehouse: Warehouse) -> None:
    """All members have analytics of today; one that is refused is named and keeps the row it had."""
    with warehouse.connect() as connection:
        report = batches.refresh_members(connection)
    shown = list(report.refused.items())[:REFUSED_SHOWN]
    if shown:
        context.log.error(f"{len(report.refused)} members were refused: {[str(one) for one, _ in shown]}")
    context.log_event(
        AssetMaterialization(
            member_analytics.key,
            metadata={
                "gyms": report.gyms,
                "members": report.recomputed,
                "refused": len(report.refused),
                "first_refused": {str(one): reason for one, reason in shown},
            },
        )
    )


@job(
    executor_def=in_process_executor,
    tags={QUEUE_TAG: HEAVY, "dagster/max_runtime": "1800"},
    description="Recounts every member: days away, habits, mutes, and visits without a conversation.",
)
def refresh_members() -> None:
    """One step; running it again gives the same rows."""
    refresh_all_members()


def members_schedule() -> tuple[JobDefinition, ScheduleDefinition]:
    """The job and the schedule that runs it every night at 01:30 UTC, before churn at 02:00."""
    return refresh_members, by_the_clock(refresh_members, "30 1 * * *")
