"""What the gateway adds to each frame of sound, up and down, against a direct connection in the same run.

`python -m bench.gateway_latency` prints one JSON line: p50 and p99 in milliseconds, for 1, 50, 200 and
500 sessions that send and receive 100 ms of sound every 100 ms, straight to an upstream that only keeps
time, and through the gateway with its real recorder and database. Client, gateway, database and upstream
share this machine's cores, so the ratio says more than the milliseconds.
"""

import argparse
import asyncio
import json
import os
from collections.abc import Sequence

import numpy as np

from bench.support.database import scratch_database
from bench.support.passage import Doors, make_token, open_doors, rss_mb, talk

SESSIONS = (1, 50, 200, 500)


def main() -> None:
    """One JSON line."""
    options = argparse.ArgumentParser(prog="python -m bench.gateway_latency", description=__doc__)
    options.add_argument("--sessions", type=int, nargs="+", default=SESSIONS)
    options.add_argument("--seconds", type=float, default=8.0, help="measured, of each step and way")
    options.add_argument("--warm-up", type=float, default=2.0, help="seconds before, not measured")
    arguments = options.parse_args()
    with scratch_database() as settings, open_doors(settings, make_token(settings)) as doors:
        steps = [
            step(doors, sessions=sessions, seconds=arguments.seconds, warm_up_seconds=arguments.warm_up)
            for sessions in arguments.sessions
        ]
    print(json.dumps({"bench": "gateway_latency", "cores": os.cpu_count(), "frame_ms": 100, "steps": steps}))


def step(doors: Doors, *, sessions: int, seconds: float, warm_up_seconds: float) -> dict[str, object]:
    """Both ways with so many sessions, the direct one first."""
    direct, through = (
        asyncio.run(talk(doors, port=port, sessions=sessions, seconds=seconds, warm_up_seconds=warm_up_seconds))
        for port in (doors.pacer_port, doors.gateway_port)
    )
    found: dict[str, object] = {
        "sessions": sessions,
        "lost": through.lost,
        "frames": len(through.up) + len(through.down),
        "gateway_cores": round(through.cpu, 2),
        "gateway_rss_mb": round(rss_mb(doors.gateway_pid)),
    }
    for way, straight, detour in (("up", direct.up, through.up), ("down", direct.down, through.down)):
        floor, ours = percentiles(straight), percentiles(detour)
        found[way] = {
            "direct_ms": [round(one, 2) for one in floor],
            "gateway_ms": [round(one, 2) for one in ours],
            "added_ms": [round(after - before, 2) for before, after in zip(floor, ours, strict=True)],
            "ratio": [round(after / before, 1) for before, after in zip(floor, ours, strict=True)],
        }
    return found


def percentiles(latencies: Sequence[float]) -> tuple[float, float]:
    """p50 and p99 in milliseconds."""
    p50, p99 = np.percentile(latencies, [50, 99]) * 1000
    return float(p50), float(p99)


if __name__ == "__main__":
    main()
