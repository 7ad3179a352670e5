"""The conversations stage as an asset: closed sessions become summaries, labels and embeddings."""

from dagster import AssetExecutionContext, MaterializeResult, asset

from orchestration import batches, engine_gate
from orchestration.assets.engines import engine_versions
from orchestration.assets.raw import raw_key
from orchestration.previews import held
from orchestration.resources import Analyst, Warehouse


@asset(
    group_name="conversations",
    kinds={"postgres", "python"},
    deps=[
        engine_versions,
        raw_key("openai_realtime_sessions"),
        raw_key("session_turns"),
        raw_key("gym_members_v2"),
    ],
)
def conversation_summaries(
    context: AssetExecutionContext, warehouse: Warehouse, analyst: Analyst
) -> MaterializeResult[None]:
    """One row per closed session: summary, topics, sentiment, emotion, intents, action items, embedding.

    Takes every session that waits in state pending, always with the local engine; where the settings choose a hosted
    one, the row then waits to be enriched. A session that fails three times is parked with
    its reason and the batch goes on.
    """
    with warehouse.connect() as connection:
        engine = engine_gate.admit(connection, analyst.engine(), shelf=analyst.shelf()).analyst
        connection.commit()
        report = batches.analyse_due(connection, engine, has_second_tier=analyst.has_second_tier())
        told = held(connection, "conversation_summaries")
    return MaterializeResult(
        metadata={
            "sessions": report.claimed,
            "completed": report.completed,
            "to_retry": report.retried,
            "parked": report.parked,
            "skipped": report.skipped,
            "tokens": report.tokens,
            "cost_usd": report.cost_usd,
            "engine": f"{engine.name} {engine.version}",
            **told,
        }
    )
