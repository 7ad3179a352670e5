"""The second tier as an asset: summaries that the hosted engine has read too."""

from dagster import AssetExecutionContext, MaterializeResult, asset

from orchestration import engine_gate, enrichment
from orchestration.assets.conversations import conversation_summaries
from orchestration.previews import held
from orchestration.queues import HOSTED_MODEL_POOL
from orchestration.resources import Analyst, Warehouse


# The one step that calls the provider, from whichever queue somebody starts it.
@asset(
    group_name="conversations",
    kinds={"postgres", "python"},
    deps=[conversation_summaries],
    pool=HOSTED_MODEL_POOL,
)
def enriched_conversations(
    context: AssetExecutionContext, warehouse: Warehouse, analyst: Analyst
) -> MaterializeResult[None]:
    """The same rows as conversation_summaries, with the hosted engine's fields in place of the local ones.

    Only where the settings choose a hosted engine, and after the alerts have been raised on the local analysis. A
    conversation that fails three times keeps its local analysis and says why; nothing waits for a provider. A version
    of the hosted engine that may not analyse (`jarvis engine list`) leaves them their local analysis meanwhile.
    """
    with warehouse.connect() as connection:
        admission = engine_gate.admit(connection, analyst.hosted_engine(), shelf=analyst.shelf())
        if admission.engine is None:
            engine_gate.hold_enrichments(connection, admission)
        connection.commit()
        engine = admission.analyst
        report = enrichment.enrich_due(connection, engine)
        told = held(connection, "enriched_conversations")
    return MaterializeResult(
        metadata={
            "sessions": report.claimed,
            "enriched": report.enriched,
            "to_retry": report.retried,
            "failed": report.failed,
            "put_off": report.put_off,
            "late": report.late,
            "tokens": report.tokens,
            "cost_usd": report.cost_usd,
            "engine": f"{engine.name} {engine.version}",
            **told,
        }
    )
