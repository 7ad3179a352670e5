"""Every five minutes: how fresh each asset is goes from Dagster's records into the database, where pages read it."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from dagster import (
    AssetKey,
    DagsterInstance,
    JobDefinition,
    OpExecutionContext,
    ScheduleDefinition,
    in_process_executor,
    job,
    op,
)
from psycopg import Connection

from jarvis.freshness import FOLLOWS_EVENTS, PROMISES, promise_of
from orchestration.queues import HEAVY, QUEUE_TAG
from orchestration.resources import Warehouse
from orchestration.schedules.clock import by_the_clock
from warehouse.stores import freshness


def look(
    instance: DagsterInstance, connection: Connection, *, now: datetime
) -> dict[str, tuple[timedelta, datetime | None]]:
    """Every promised asset with its promise and the moment it is as of: its last build, or its oldest waiting event."""
    built = {key.to_user_string() for key in instance.all_asset_keys()}
    waiting = freshness.oldest_waiting(connection)
    promised = {asset: promise for asset in built | set(PROMISES) if (promise := promise_of(asset)) is not None}
    last = _last_builds(instance, promised)
    return {
        asset: (promise, (waiting[asset] or now) if asset in FOLLOWS_EVENTS else last.get(asset))
        for asset, promise in promised.items()
    }


def _last_builds(instance: DagsterInstance, assets: Iterable[str]) -> dict[str, datetime]:
    records = instance.get_asset_records([AssetKey.from_user_string(asset) for asset in assets])
    return {
        record.asset_entry.asset_key.to_user_string(): datetime.fromtimestamp(event.timestamp, UTC)
        for record in records
        if (event := record.asset_entry.last_materialization) is not None
    }


@op
def note_how_fresh(context: OpExecutionContext, warehouse: Warehouse) -> None:
    """The database knows how fresh every asset is."""
    now = datetime.now(UTC)
    with warehouse.connect() as connection:
        freshness.note(connection, look(context.instance, connection, now=now), now=now)
        connection.commit()
        late = [one.asset for one in freshness.standings(connection) if one.is_late]
    context.add_output_metadata({"late": late})


@job(
    executor_def=in_process_executor,
    tags={QUEUE_TAG: HEAVY, "dagster/max_runtime": "300"},
)
def note_freshness() -> None:
    """Notes how fresh each asset is, for the pages and the watch."""
    note_how_fresh()


def freshness_schedule() -> tuple[JobDefinition, ScheduleDefinition]:
    """The job and the schedule that runs it."""
    return note_freshness, by_the_clock(note_freshness, "*/5 * * * *")
