"""What Dagster shows of an asset beside « made »: how many rows, what they cost together, and a look into them.

A few rows only of marts that are about no member: a row about one is personal even without a name, and Dagster's event
log is for the data team, not for a gym's people. Of the Python assets' tables it shows rows counted by label.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dagster import MetadataValue, Output
from psycopg import Connection

from warehouse.stores.holdings import holding
from warehouse.stores.marts import glance

ROWS = 5
# A cell is for the eye.
LONGEST_CELL = 40


def with_glance(events: Iterator[Any], connection: Connection, node: Mapping[str, Any] | None) -> Iterator[Any]:
    """The same events, the mart's output with what its table holds now.

    Args:
        events: of dagster-dbt, for one node.
        connection: the pipeline's.
        node: of dbt's manifest; None for what is no mart.
    """
    for event in events:
        if isinstance(event, Output) and node is not None:
            yield event.with_metadata({**event.metadata, **look(connection, node)})
        else:
            yield event


def look(connection: Connection, node: Mapping[str, Any]) -> dict[str, MetadataValue[Any]]:
    """Row count, cost and preview of a mart, as far as it has them."""
    columns = list(node["columns"])
    is_personal = any("pii" in column["config"]["tags"] for column in node["columns"].values())
    shown = [] if is_personal else [name for name in columns if not name.endswith("_id") and name != "built_at"]
    newest = [name for name in columns if name.endswith("_date") and not is_personal]
    found = glance(connection, node["name"], columns=shown, newest=newest, rows=ROWS, has_cost="cost_usd" in columns)
    told: dict[str, MetadataValue[Any]] = {"dagster/row_count": MetadataValue.int(found.row_count)}
    if found.cost_usd is not None:
        told["cost_usd"] = MetadataValue.float(float(found.cost_usd))
    if found.rows:
        told["preview"] = MetadataValue.md(table(shown, found.rows))
    return told


def held(connection: Connection, asset: str) -> dict[str, MetadataValue[Any]]:
    """Row count and preview of a Python asset's table, or of its last day, as it stands in this transaction."""
    found = holding(connection, asset)
    rows = [(*labels, count) for labels, count in found.counts.items()]
    name = f"dagster/{found.counted}" if found.counted == "row_count" else found.counted
    told: dict[str, MetadataValue[Any]] = {name: MetadataValue.int(found.row_count)}
    if rows:
        told["preview"] = MetadataValue.md(table([*found.labels, found.counted], rows))
    return told


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """The rows as Markdown; what is empty stays empty."""
    lines = [columns, ["---"] * len(columns), *([_cell(value) for value in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _cell(value: object) -> str:
    words = "" if value is None else " ".join(str(value).split()).replace("|", "\\|")
    return words if len(words) <= LONGEST_CELL else words[: LONGEST_CELL - 1] + "…"
