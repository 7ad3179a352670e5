"""Each benchmark is a command of its own: it explains itself without running, and stands on no test."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
BENCHMARKS = sorted(path.stem for path in (REPOSITORY / "bench").glob("[a-z]*.py"))


# One process for all of them: most import the same libraries, which takes longer than anything they say.
ASK_ALL = """
import contextlib, io, json, runpy, sys
for name in sys.argv[1:]:
    sys.argv, said = [f"bench.{name}", "--help"], io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
        runpy.run_module(f"bench.{name}", run_name="__main__")
    print(json.dumps([name, said.getvalue(), [one for one in sys.modules if one.split(".")[0] == "tests"]]))
"""


@pytest.fixture(scope="module")
def said() -> dict[str, tuple[str, list[str]]]:
    """What each benchmark says of itself, and which of our tests were imported by then."""
    command = [sys.executable, "-c", ASK_ALL, *BENCHMARKS]
    completed = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=200)
    return {name: (text, tests) for name, text, tests in map(json.loads, completed.stdout.splitlines())}


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_explains_itself_and_imports_no_test(name: str, said: dict[str, tuple[str, list[str]]]) -> None:
    """`python -m bench.<name> --help` prints its usage at once; `tests` is nowhere among what it imported."""
    text, tests = said[name]
    assert text.startswith(f"usage: python -m bench.{name}")
    assert tests == []


def test_the_gateways_benchmarks_measure_both_ways() -> None:
    """With the smallest numbers: sound goes up and down, straight and through the gateway, and idle kiosks stay."""
    latency = run("gateway_latency", "--sessions", "2", "--seconds", "1", "--warm-up", "0.5")
    [step] = latency["steps"]
    assert step["sessions"] == 2 and step["lost"] == 0 and step["frames"] > 0
    for way in ("up", "down"):
        assert all(milliseconds > 0 for milliseconds in (*step[way]["direct_ms"], *step[way]["gateway_ms"]))
    load = run("gateway_load", "--live", "1", "--idle", "20", "--seconds", "0.5", "--warm-up", "0.2")
    assert load["live_steps"][0]["lost"] == 0
    assert load["idle_steps"][-1]["kiosks"] == 20


def run(name: str, *arguments: str) -> dict[str, Any]:
    """The one line of JSON that the benchmark prints."""
    completed = subprocess.run(
        [sys.executable, "-m", f"bench.{name}", *arguments],
        cwd=REPOSITORY, capture_output=True, text=True, check=False, timeout=200,
    )  # fmt: skip
    assert completed.returncode == 0, completed.stderr[-2000:]
    found: dict[str, Any] = json.loads(completed.stdout)
    return found
