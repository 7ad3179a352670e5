"""The stand-in's control API: what a test or a replay may ask of the whole server, over plain HTTP on the same port.

Pure: a request in, an answer out. `server` speaks HTTP and tells live sessions about changed faults.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from voice_gateway.standin.faults import Faults, FaultsError
from voice_gateway.standin.scripts import ScriptBook


@dataclass(frozen=True)
class Answer:
    """An HTTP status and its JSON body."""

    status: int
    body: dict[str, Any]


@dataclass
class Control:
    """What sessions share: the scripts to come, the faults in force, how many connections are open."""

    scripts: ScriptBook = field(default_factory=ScriptBook)
    faults: Faults = field(default_factory=Faults)
    open_connections: int = 0
    # Called with the faults just posted and the request id they are for, None for every session.
    on_faults: Callable[[dict[str, Any], str | None], None] = lambda switches, request_id: None

    def answer(self, method: str, path: str, body: bytes) -> Answer:
        """What happened to the request; a refused one says what was found and what was expected."""
        if (method, path) == ("GET", "/healthz"):
            return Answer(200, {"status": "ok", "open_connections": self.open_connections})
        if (method, path) == ("POST", "/control/scripts"):
            return self._post_script(body)
        if (method, path) == ("POST", "/control/faults"):
            return self._post_faults(body)
        paths = "GET /healthz, POST /control/scripts, POST /control/faults, or a websocket on /v1/realtime"
        return Answer(404, {"error": f"found {method} {path}, expected {paths}"})

    def _post_script(self, body: bytes) -> Answer:
        given = _json_object(body)
        request_id = given.get("request_id") if given else None
        lines = given.get("assistant_lines") if given else None
        if (
            not isinstance(request_id, str)
            or not isinstance(lines, list)
            or not all(isinstance(line, str) and line.strip() for line in lines)
        ):
            expected = '{"request_id": "…", "assistant_lines": ["…", …]} with no empty line'
            return Answer(400, {"error": f"found another shape, expected {expected}"})
        self.scripts.post(request_id, lines)
        return Answer(200, {"request_id": request_id, "lines": len(lines)})

    def _post_faults(self, body: bytes) -> Answer:
        switches = _json_object(body)
        if switches is None:
            return Answer(400, {"error": "found another shape, expected a JSON object of fault switches"})
        request_id = switches.pop("request_id", None)
        try:
            changed = Faults().changed(switches)
        except FaultsError as error:
            return Answer(400, {"error": str(error)})
        if request_id is None:
            self.faults = changed
        self.on_faults(switches, request_id)
        return Answer(200, {"faults": switches, "request_id": request_id})


def _json_object(body: bytes) -> dict[str, Any] | None:
    try:
        given = json.loads(body)
    except ValueError:
        return None
    return given if isinstance(given, dict) else None
