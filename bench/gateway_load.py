"""How many live sessions and how many idle kiosks one gateway process carries on this machine.

`python -m bench.gateway_load` prints one JSON line. Live: sessions that send and receive 100 ms of sound
every 100 ms, more at each step, until the gateway adds more than 20 ms at p99 in either direction to a
direct connection measured in the same step, or a session is lost. Idle: kiosks connected without a
session, until the gateway takes 250 MB or all are there. Both end by themselves after a bounded time.
"""

import argparse
import asyncio
import json
import os
import resource
import time

from bench.gateway_latency import step
from bench.support.database import scratch_database
from bench.support.frames import Peer, connect
from bench.support.passage import REALTIME, Doors, make_token, open_doors, rss_mb
from bench.support.processor import cpu_seconds

GOAL_LIVE, GOAL_IDLE = 1000, 10_000
LIVE_STEPS = (50, 100, 150, 200, 300, 400, 500, 700, GOAL_LIVE)
ADDED_P99_MS = 20.0
IDLE_RSS_MB = 250.0
# Files that a process has open besides its kiosks.
_SPARE_FILES = 300
_IDLE_STEP = 500
_AT_ONCE = 20


def main() -> None:
    """One JSON line."""
    options = argparse.ArgumentParser(prog="python -m bench.gateway_load", description=__doc__)
    options.add_argument("--live", type=int, nargs="+", default=LIVE_STEPS, help="sessions of each step")
    options.add_argument("--idle", type=int, default=GOAL_IDLE, help="kiosks without a session")
    options.add_argument("--seconds", type=float, default=6.0, help="measured, of each live step and way")
    options.add_argument("--warm-up", type=float, default=2.0, help="seconds before, not measured")
    options.add_argument("--most-seconds", type=float, default=150.0, help="for all idle kiosks to connect")
    arguments = options.parse_args()
    idle = min(arguments.idle, open_files_allowed() - _SPARE_FILES)
    with scratch_database() as settings:
        token = make_token(settings)
        with open_doors(settings, token) as doors:
            live = live_steps(doors, arguments.live, seconds=arguments.seconds, warm_up_seconds=arguments.warm_up)
        # Another gateway: what the sessions left in the first one's memory is not the kiosks'.
        with open_doors(settings, token) as doors:
            idle_steps = asyncio.run(idle_kiosks(doors, idle, most_seconds=arguments.most_seconds))
    carried = [one for one in live if one["is_within_goal"]]
    within = [one for one in idle_steps if one["rss_mb"] <= IDLE_RSS_MB]
    print(
        json.dumps(
            {
                "bench": "gateway_load",
                "cores": os.cpu_count(),
                "live_sessions": carried[-1]["sessions"] if carried else 0,
                "live_goal": GOAL_LIVE,
                "live_added_p99_limit_ms": ADDED_P99_MS,
                "live_steps": live,
                "idle_kiosks": within[-1]["kiosks"] if within else 0,
                "idle_goal": GOAL_IDLE,
                "idle_rss_limit_mb": IDLE_RSS_MB,
                "idle_kb_each": kilobytes_each(idle_steps),
                "idle_steps": idle_steps,
                "open_files_allowed": open_files_allowed(),
            }
        )
    )


def live_steps(doors: Doors, sessions: list[int], *, seconds: float, warm_up_seconds: float) -> list[dict[str, object]]:
    """One entry a step, the last one the first that is beyond the goal."""
    steps: list[dict[str, object]] = []
    for count in sessions:
        found = step(doors, sessions=count, seconds=seconds, warm_up_seconds=warm_up_seconds)
        worst = max(found[way]["added_ms"][1] for way in ("up", "down"))  # type: ignore[index]
        found["is_within_goal"] = worst <= ADDED_P99_MS and found["lost"] == 0
        steps.append(found)
        if not found["is_within_goal"]:
            break
    return steps


class IdleKiosk(Peer):
    """Connected, provisioned, and nobody is there."""

    def __init__(self) -> None:
        super().__init__(is_client=True)
        self.opened = asyncio.get_running_loop().create_future()

    def on_open(self) -> None:
        """It is let in."""
        self.opened.set_result(None)

    def on_lost(self) -> None:
        """It was not let in, or not for long."""
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("found the gateway closing the door, expected it open"))


async def idle_kiosks(doors: Doors, count: int, *, most_seconds: float) -> list[dict[str, float]]:
    """Memory after each step, until so many are connected, memory is full, or time is up."""
    kiosks: list[IdleKiosk] = []
    steps = [{"kiosks": 0, "rss_mb": round(rss_mb(doors.gateway_pid), 1)}]
    began, busy = time.monotonic(), cpu_seconds(doors.gateway_pid)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def let_in() -> None:
        kiosk = IdleKiosk()
        async with gate:
            await connect(doors.gateway_port, f"{REALTIME}?kiosk=1", kiosk, headers=doors.headers)
            await asyncio.wait_for(kiosk.opened, 30)
        kiosks.append(kiosk)

    try:
        while len(kiosks) < count and time.monotonic() - began < most_seconds:
            await asyncio.gather(*(let_in() for _ in range(min(_IDLE_STEP, count - len(kiosks)))))
            steps.append(
                {
                    "kiosks": sum(kiosk.is_open for kiosk in kiosks),
                    "rss_mb": round(rss_mb(doors.gateway_pid), 1),
                    "connected_each_second": round(len(kiosks) / (time.monotonic() - began)),
                }
            )
            if steps[-1]["rss_mb"] > IDLE_RSS_MB:
                break
        steps[-1]["connect_ms_of_cpu"] = round((cpu_seconds(doors.gateway_pid) - busy) / max(1, len(kiosks)) * 1000, 2)
        return steps
    finally:
        for kiosk in kiosks:
            if kiosk.transport is not None:
                kiosk.transport.abort()


def kilobytes_each(steps: list[dict[str, float]]) -> float:
    """What one more kiosk takes, from the first step to the last."""
    kiosks = steps[-1]["kiosks"] - steps[0]["kiosks"]
    return round((steps[-1]["rss_mb"] - steps[0]["rss_mb"]) * 1000 / kiosks, 1) if kiosks else 0.0


def open_files_allowed() -> int:
    """How many files this process, and so its gateway, may have open; raised as far as it goes."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


if __name__ == "__main__":
    main()
