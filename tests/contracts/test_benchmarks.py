"""Each benchmark is a command of its own: it explains itself without running, and stands on no test."""

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
BENCHMARKS = sorted(path.stem for path in (REPOSITORY / "bench").glob("[a-z]*.py"))


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_explains_itself_and_imports_no_test(name: str) -> None:
    """`python -m bench.<name> --help` prints its usage at once; `tests` is nowhere among what it imported."""
    script = (
        "import atexit, runpy, sys\n"
        "atexit.register(lambda: print('imported:', [one for one in sys.modules if one.split('.')[0] == 'tests']))\n"
        f"sys.argv = ['bench.{name}', '--help']\n"
        f"runpy.run_module('bench.{name}', run_name='__main__')"
    )
    completed = subprocess.run(
        [sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=True, timeout=60
    )
    assert completed.stdout.startswith(f"usage: python -m bench.{name}")
    assert completed.stdout.rstrip().endswith("imported: []")
