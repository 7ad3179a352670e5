"""Import seconds of each code location, and the ratio to `import dagster` alone: `python -m bench.import_time`.

Every cold start pays for its whole location. Median of five fresh interpreters each, interleaved,
with bytecode; prints one JSON line.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from statistics import median

MODULES = ("dagster", "orchestration.live", "orchestration.analytics")
ROUNDS = 5


def main() -> None:
    """One JSON line."""
    argparse.ArgumentParser(prog="python -m bench.import_time", description=__doc__).parse_args()
    seconds: dict[str, list[float]] = {module: [] for module in MODULES}
    # The first round writes missing bytecode and warms the file cache; it does not count.
    for round_number in range(ROUNDS + 1):
        for module in MODULES:
            taken = import_seconds(module)
            if round_number:
                seconds[module].append(taken)
    floor = median(seconds["dagster"])
    medians = {module: round(median(values), 2) for module, values in seconds.items()}
    ratios = {module: round(median(values) / floor, 2) for module, values in seconds.items() if module != "dagster"}
    print(json.dumps({"bench": "import_time", "median_seconds": medians, "ratio_to_dagster": ratios}))


def import_seconds(module: str) -> float:
    """Seconds of a fresh interpreter that imports the module, without the interpreter's own start."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    bare = wall_seconds("pass", environment)
    return wall_seconds(f"import {module}", environment) - bare


def wall_seconds(statement: str, environment: dict[str, str]) -> float:
    """Seconds of one interpreter, start to end."""
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", statement], env=environment, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - started


if __name__ == "__main__":
    main()
