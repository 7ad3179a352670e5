"""The control API takes scripts and faults, and says what is wrong with anything else."""

import json
from typing import Any

import pytest

from voice_gateway.standin.control import Control
from voice_gateway.standin.faults import Faults


def post(control: Control, path: str, body: object) -> tuple[int, dict[str, Any]]:
    answer = control.answer("POST", path, json.dumps(body).encode())
    return answer.status, answer.body


def test_a_script_is_read_line_by_line() -> None:
    """Each ask gives the next line of that id's script, then none; other ids have none."""
    control = Control()
    assert post(control, "/control/scripts", {"request_id": "r1", "assistant_lines": ["un", "deux"]})[0] == 200
    assert control.scripts.next_line("r2") is None
    assert control.scripts.next_line(None) is None
    assert [control.scripts.next_line("r1") for _ in range(3)] == ["un", "deux", None]


def test_a_new_script_replaces_the_old() -> None:
    """Posting again starts again."""
    control = Control()
    post(control, "/control/scripts", {"request_id": "r1", "assistant_lines": ["un", "deux"]})
    control.scripts.next_line("r1")
    post(control, "/control/scripts", {"request_id": "r1", "assistant_lines": ["trois"]})
    assert control.scripts.next_line("r1") == "trois"


def test_the_oldest_scripts_go_first() -> None:
    """Ten thousand are kept."""
    control = Control()
    for number in range(10_001):
        control.scripts.post(str(number), ["ligne"])
    assert control.scripts.next_line("0") is None
    assert control.scripts.next_line("1") == "ligne"


def test_faults_are_for_all_or_for_one() -> None:
    """Without a request id later sessions get them too; with one, only that session is told."""
    told: list[tuple[dict[str, Any], str | None]] = []
    control = Control(on_faults=lambda switches, request_id: told.append((switches, request_id)))
    assert post(control, "/control/faults", {"ttfb_ms": 300})[0] == 200
    assert post(control, "/control/faults", {"request_id": "r1", "rate_limited": True})[0] == 200
    assert control.faults == Faults(ttfb_ms=300)
    assert told == [({"ttfb_ms": 300}, None), ({"rate_limited": True}, "r1")]
    assert post(control, "/control/faults", {})[0] == 200
    assert control.faults == Faults()


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/control/scripts", {}),
        ("/control/scripts", {"request_id": "r", "assistant_lines": "une"}),
        ("/control/scripts", {"request_id": "r", "assistant_lines": [""]}),
        ("/control/scripts", [1]),
        ("/control/faults", {"ttfb": 1}),
        ("/control/faults", "ttfb"),
    ],
)
def test_wrong_bodies_are_refused(path: str, body: object) -> None:
    """400 with what was expected, and nothing changed."""
    control = Control()
    status, answer = post(control, path, body)
    assert status == 400
    assert "expected" in answer["error"]
    assert control.faults == Faults()


def test_unreadable_json_and_unknown_paths() -> None:
    """400 and 404, never a crash."""
    assert Control().answer("POST", "/control/faults", b"{").status == 400
    assert Control().answer("GET", "/nowhere", b"").status == 404
    assert Control().answer("GET", "/healthz", b"").body == {"status": "ok", "open_connections": 0}
