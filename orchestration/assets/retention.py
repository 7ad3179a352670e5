"""Retention as an asset: what was kept too long is gone, and each rule's proof stands beside it.

The rules are rows of `app.retention_rules`; `warehouse.stores.retention` keeps them.
"""

from datetime import UTC, datetime

from dagster import (
    AssetCheckResult,
    AssetCheckSeverity,
    AssetExecutionContext,
    Config,
    Failure,
    MaterializeResult,
    MetadataValue,
    TableRecord,
    asset,
    asset_check,
)
from pydantic import Field

from orchestration.assets.raw import raw_key
from orchestration.previews import held
from orchestration.resources import Warehouse, process_settings
from warehouse.stores import retention


class Housekeeping(Config):
    """How a run keeps house."""

    dry: bool = Field(default=False, description="True: only count what would go, and put the counts on record.")


@asset(
    name="retention",
    group_name="retention",
    kinds={"postgres", "python"},
    deps=[raw_key("openai_realtime_sessions"), raw_key("kiosk_heartbeats"), raw_key("member_visits")],
)
def retention_proofs(
    context: AssetExecutionContext, config: Housekeeping, warehouse: Warehouse
) -> MaterializeResult[None]:
    """One proof per rule: what was too old, what became of it, what is left.

    Batches commit one by one: a run that is killed, or run again, goes on where it stands.
    """
    with warehouse.connect() as connection:
        proofs = retention.keep_house(
            connection, home=process_settings().home, now=datetime.now(UTC), is_dry=config.dry
        )
        told = held(connection, "retention")
    table = MetadataValue.table(
        [
            TableRecord(
                {
                    "rule": one.rule_name,
                    "gym": one.gym_slug or "",
                    "found": one.found,
                    "done": one.done,
                    "remaining": one.remaining,
                }
            )
            for one in proofs
        ]
    )
    broken = {f"{one.rule_name} {one.gym_slug or ''}".strip(): one.error for one in proofs if one.error}
    context.add_output_metadata({"proofs": table, "dry": config.dry, **told})
    if broken:
        raise Failure(f"{len(broken)} rules stopped, the others are kept: {broken}")
    return MaterializeResult(metadata={"done": sum(one.done for one in proofs)})


@asset_check(asset=retention_proofs)
def nothing_is_kept_too_long(warehouse: Warehouse) -> AssetCheckResult:
    """Each rule's newest proof says that nothing past its term is left."""
    with warehouse.connect() as connection:
        proofs = retention.last_proofs(connection)
    never = [_named(one) for one in proofs if one.ran_at is None]
    left = {_named(one): one.remaining for one in proofs if one.remaining}
    return AssetCheckResult(
        passed=not never and not left,
        severity=AssetCheckSeverity.ERROR,
        metadata={"never_kept": never, "left": left},
    )


def _named(proof: retention.LastProof) -> str:
    return proof.rule_name if proof.gym_id is None else f"{proof.rule_name} of {proof.gym_id}"
