"""`python -m orchestration.diagrams`: the marts' keys and relationships, and dbt's lineage, as pictures in docs/images.

Both are drawn from dbt's manifest (`drawing.py`), so they say what the YAML says; a test fails when the pictures are
older than that. The job that writes the marts' pages puts them beside these, too. Pages, reports and alerts are in
dbt's own documentation, as exposures.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from jarvis.settings import load_settings
from orchestration import dbt
from orchestration.drawing import Box, Graph, Line, Node, boxes_svg, layers_svg

IMAGES = Path(__file__).resolve().parent.parent / "docs" / "images"

# What others point at, in the middle of the picture, from the top.
HUBS = ("dim_gyms", "dim_members", "dim_kiosks", "fct_sessions", "dim_dates")

# Where each kind of node stands in the lineage, at the least; what builds on others of its kind stands further right.
_LAYER = {"source": 0, "seed": 1, "staging": 1, "intermediate": 2, "mart": 3, "snapshot": 3}


@dataclass(frozen=True, slots=True)
class Entity:
    """One mart as the entity diagram shows it."""

    name: str
    key: Sequence[str]
    """Columns that are unique together; none for a view."""
    references: Mapping[str, str]
    """Column to the mart whose key it holds."""
    is_view: bool


def entities(manifest: Mapping[str, Any]) -> list[Entity]:
    """Every mart and snapshot by name: keys from the contracts, references from the tests of relationships."""
    nodes = [node for node in manifest["nodes"].values() if dbt.is_mart(node)]
    keys = {node["name"]: _key(node) for node in nodes}
    # A test looks at the staging view, which is never older than its source: the mart with that key is meant.
    holders = {key[0]: name for name, key in keys.items() if len(key) == 1 and name in HUBS}
    return [
        Entity(
            node["name"],
            keys[node["name"]],
            {
                column: holders[field]
                for column, field in _relationships(manifest, node["unique_id"])
                if field in holders and holders[field] != node["name"]
            },
            node["config"]["materialized"] == "view",
        )
        for node in sorted(nodes, key=lambda one: one["name"])
    ]


def _key(node: Mapping[str, Any]) -> list[str]:
    if node["resource_type"] == "snapshot":
        return ["dbt_scd_id"]
    whole = [one["columns"] for one in node["constraints"] if one["type"] == "primary_key"]
    own = [
        column["name"]
        for column in node["columns"].values()
        if any(one["type"] == "primary_key" for one in column["constraints"])
    ]
    return list(whole[0]) if whole else own


def _relationships(manifest: Mapping[str, Any], model: str) -> list[tuple[str, str]]:
    """Column and the field it refers to, of each test of a relationship."""
    tests = [node for node in manifest["nodes"].values() if node.get("attached_node") == model]
    asked = [
        test["test_metadata"] for test in tests if (test.get("test_metadata") or {}).get("name") == "relationships"
    ]
    return sorted((one["kwargs"]["column_name"], one["kwargs"]["field"]) for one in asked)


def entity_diagram(manifest: Mapping[str, Any]) -> str:
    """The picture of the marts: a box each with its key, and a line from each reference to what it refers to."""
    found = entities(manifest)
    boxes = [
        Box(
            one.name + (" (view)" if one.is_view else ""),
            rows=[*((column, "key") for column in one.key if column not in one.references),
                  *((column, "key" if column in one.key else "") for column in one.references)],
        )
        for one in found
    ]  # fmt: skip
    lines = [
        Line(one.name, column, target, next(other.key[0] for other in found if other.name == target))
        for one in found
        for column, target in one.references.items()
    ]
    return boxes_svg(boxes, lines, hubs=HUBS, title="Marts: keys and relationships")


def lineage(manifest: Mapping[str, Any]) -> Graph:
    """Sources, staging, steps and marts, each in a layer to the right of what it is made of."""
    nodes = {**manifest["sources"], **{
        name: node for name, node in manifest["nodes"].items() if node["resource_type"] in ("model", "seed", "snapshot")
    }}  # fmt: skip
    parents = {
        name: sorted(parent for parent in node.get("depends_on", {}).get("nodes", ()) if parent in nodes)
        for name, node in nodes.items()
    }
    layers: dict[str, int] = {}

    def layer(name: str) -> int:
        if name not in layers:
            above = max((layer(parent) + 1 for parent in parents[name]), default=0)
            layers[name] = max(_LAYER[_kind(nodes[name])], above)
        return layers[name]

    drawn = [Node(name, _label(nodes[name]), _kind(nodes[name]), layer(name)) for name in sorted(nodes)]
    return Graph(drawn, [(parent, name) for name in sorted(nodes) for parent in parents[name]])


def _kind(node: Mapping[str, Any]) -> str:
    if node["resource_type"] != "model":
        return str(node["resource_type"])
    if dbt.is_mart(node):
        return "mart"
    return "staging" if node["name"].startswith("stg_") else "intermediate"


def _label(node: Mapping[str, Any]) -> str:
    return str(node["name"]).removeprefix("stg_jarvis__").removeprefix("stg_jarvis_app__")


def lineage_diagram(manifest: Mapping[str, Any]) -> str:
    """The picture of dbt's lineage."""
    headings = {"source": "sources", "staging": "staging", "intermediate": "steps", "mart": "marts"}
    return layers_svg(lineage(manifest), headings=headings, title="Lineage of the marts")


def pictures(manifest_path: Path) -> dict[str, str]:
    """Both pictures by the name of their file."""
    manifest = orjson.loads(manifest_path.read_bytes())
    return {"entities.svg": entity_diagram(manifest), "lineage.svg": lineage_diagram(manifest)}


def main() -> int:
    """The pictures in docs/images are those of the project as it stands."""
    for name, picture in pictures(dbt.prepare(load_settings())).items():
        (IMAGES / name).write_text(picture, "utf-8")
        sys.stdout.write(f"{IMAGES / name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
