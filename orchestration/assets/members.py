"""The members stage as an asset: each member's analytics after their latest conversation."""

from dagster import AssetExecutionContext, MaterializeResult, asset

from orchestration import batches
from orchestration.assets.conversations import conversation_summaries
from orchestration.assets.enrichments import enriched_conversations
from orchestration.assets.raw import raw_key
from orchestration.assets.refusals import reported
from orchestration.previews import held
from orchestration.resources import Warehouse


@asset(
    group_name="members",
    kinds={"postgres", "python"},
    deps=[
        conversation_summaries,
        enriched_conversations,
        raw_key("member_visits"),
        raw_key("gym_members_v2"),
    ],
)
def member_analytics(context: AssetExecutionContext, warehouse: Warehouse) -> MaterializeResult[None]:
    """One row per member: conversations, sentiment and its trend, visits, engagement.

    Recomputed from the raw rows for each member with a conversation not counted yet, so running it
    twice gives the same rows. A member whose row is refused is put off alone, and parked after three tries.
    """
    with warehouse.connect() as connection:
        report = batches.count_members(connection)
        told = held(connection, "member_analytics")
    return MaterializeResult(metadata={"members": report.recomputed, **reported(context.log, report.refused), **told})
