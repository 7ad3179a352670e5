"""The engine's gate as an asset: which version may analyse, with the check that blocks one that scores lower."""

from typing import Any

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetExecutionContext,
    MaterializeResult,
    asset,
)

from orchestration import engine_gate
from orchestration.previews import held
from orchestration.resources import Analyst, Warehouse

CHECK = "scores_no_lower_than_the_champion"


@asset(
    group_name="conversations",
    kinds={"postgres", "python"},
    check_specs=[
        AssetCheckSpec(
            CHECK,
            asset="engine_versions",
            blocking=True,
            description="The configured engine version scores no lower on the golden set than the one in service.",
        )
    ],
)
def engine_versions(context: AssetExecutionContext, warehouse: Warehouse, analyst: Analyst) -> MaterializeResult:  # type: ignore[type-arg]  # Beside a check Dagster knows it only without a parameter.
    """One row per engine version that was ever configured, with its scores on the golden set; one is in service.

    A version that scores lower than the one in service is refused: that one goes on where its weights are kept, and the
    check warns; else the check blocks, and sessions wait until `jarvis engine accept` or better weights.
    """
    with warehouse.connect() as connection:
        admission = engine_gate.admit(connection, analyst.engine(), shelf=analyst.shelf())
        waiting = 0 if admission.engine is not None else engine_gate.hold_sessions(connection, admission)
        connection.commit()
        kept = held(connection, "engine_versions")
    told: dict[str, Any] = {
        "configured": admission.configured,
        "in_service": "none" if admission.engine is None else engine_gate.version_of(admission.engine),
        "reason": admission.reason or "in service",
        "waiting_sessions": waiting,
        "golden_means": dict(admission.metrics.get("means", {})),
    }
    return MaterializeResult(
        metadata={**told, **kept},
        check_results=[
            AssetCheckResult(
                check_name=CHECK,
                passed=admission.is_admitted,
                severity=AssetCheckSeverity.WARN if admission.engine is not None else AssetCheckSeverity.ERROR,
                metadata=told,
            )
        ],
    )
