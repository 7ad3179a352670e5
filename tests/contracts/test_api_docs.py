"""`docs/doors/api.md` and the OpenAPI document tell the same of every route, and each route is described whole."""

import re
from pathlib import Path
from typing import Any

from jarvis.settings import load_settings
from tests.conftest import REPOSITORY
from voice_gateway.app import create_app

PAGE = REPOSITORY / "docs" / "doors" / "api.md"

CALLERS = {"person": "person", "kiosk": "kiosk"}


def operations(home: Path) -> dict[str, dict[str, Any]]:
    """Method and path to what OpenAPI says of it."""
    document = create_app(load_settings({"JARVIS_HOME": str(home)})).openapi()
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def row_of(route: str, operation: dict[str, Any]) -> str:
    """The line of the table."""
    schemes = [name for choice in operation.get("security", []) for name in choice]
    caller = ", ".join(CALLERS[name] for name in schemes) or "anybody"
    return f"| `{route}` | {caller} | {operation['summary']} |"


def test_the_table_names_every_route(tmp_path: Path) -> None:
    """Route, caller and summary, in the order of the document."""
    rows = [row_of(route, operation) for route, operation in operations(tmp_path).items()]
    written = re.findall(r"^\| `(?:GET|POST|PATCH) .*\|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert written == rows


def test_every_route_is_described_whole(tmp_path: Path) -> None:
    """An id of its own, a tag, a summary, the shape of every error, and a schema for what it answers."""
    described = operations(tmp_path)
    ids = [operation["operationId"] for operation in described.values()]
    assert len(set(ids)) == len(ids) > 35
    for route, operation in described.items():
        assert operation.get("tags") and operation.get("summary"), route
        assert re.fullmatch(r"[a-z_]+", operation["operationId"]), route
        for status, answer in operation["responses"].items():
            content = answer.get("content", {})
            if route.startswith(("GET /healthz", "GET /readyz", "GET /metrics")) or status in ("204", "304"):
                continue
            schema = content["application/json"]["schema"]
            assert schema, (route, status)
            if int(status) >= 400:
                assert schema == {"$ref": "#/components/schemas/ErrorAnswer"}, (route, status)
