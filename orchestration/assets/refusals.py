"""How an asset tells the data team which conversations it could not take: in the run's log and on the asset."""

from collections.abc import Sequence

from dagster import DagsterLogManager

from orchestration.batches import Refusal

# More would make the asset's page unreadable; every one is in the log and in the table.
MOST_SHOWN = 20


def reported(log: DagsterLogManager, refusals: Sequence[Refusal]) -> dict[str, int | dict[str, str]]:
    """Each refusal is a line of the run's log; their number and the first ones as metadata."""
    for one in refusals:
        fate = "parked after its last try" if one.is_parked else "put off"
        log.warning(f"session {one.session_id} {fate}: {one.reason}")
    counts: dict[str, int | dict[str, str]] = {
        "put_off": sum(not one.is_parked for one in refusals),
        "parked": sum(one.is_parked for one in refusals),
    }
    if refusals:
        counts["refused"] = {str(one.session_id): one.reason for one in refusals[:MOST_SHOWN]}
    return counts
