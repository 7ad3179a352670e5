"""What is checked of the churn stage: whether a candidate may decide, and whether today's scores may be acted on."""

from dagster import AssetCheckResult, AssetChecksDefinition, AssetCheckSeverity, asset_check

from orchestration.assets.churn import churn_model, churn_scores
from orchestration.churn import waiting_candidate
from orchestration.resources import Warehouse
from warehouse.stores import churn


@asset_check(asset=churn_model, blocking=True)
def candidate_beats_rules_and_champion(warehouse: Warehouse) -> AssetCheckResult:
    """The candidate ranks better than the rules for sure, and not worse than the champion; else nothing is promoted."""
    with warehouse.connect() as connection:
        waiting = waiting_candidate(connection)
    if waiting is None:
        return AssetCheckResult(passed=True, metadata={"told": "no candidate waits"})
    return AssetCheckResult(
        passed=waiting.may_be_promoted,
        severity=AssetCheckSeverity.ERROR,
        metadata={"version": waiting.version, "comparisons": list(waiting.reasons)},
    )


@asset_check(asset=churn_scores)
def scores_rest_on_whole_data(warehouse: Warehouse) -> AssetCheckResult:
    """No gym's scores are held back because its check-ins fell silent or its data moved away."""
    with warehouse.connect() as connection:
        unreliable = churn.unreliable_gyms(connection)
    return AssetCheckResult(
        passed=not unreliable, severity=AssetCheckSeverity.WARN, metadata={"gyms": dict(unreliable)}
    )


CHURN_CHECKS: tuple[AssetChecksDefinition, ...] = (candidate_beats_rules_and_champion, scores_rest_on_whole_data)
