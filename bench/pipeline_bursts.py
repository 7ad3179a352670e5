"""Whether any close waits long when sessions close in bursts and the worker loses its children meanwhile.

`python -m bench.pipeline_bursts` prints one JSON line: median, 95th percentile and worst seconds from a
close to the moment its alerts were weighed, over sixty closes in bursts with random pauses. The live
worker replaces its child after every few runs, and one child is killed with -9 halfway. Bounded: a
close that waits longer than two minutes ends it with the processes' logs.
"""

import argparse
import json
import os
import random
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import psycopg

from bench.pipeline_latency import SAID, print_logs
from bench.support.database import scratch_database
from bench.support.processes import RunningPipeline, running_pipeline
from bench.support.world import Gym, close_session, make_gym, open_session

MOST_IN_A_BURST = 6
LONGEST_PAUSE_SECONDS = 1.5
PATIENCE_SECONDS = 120.0

RECYCLING_WORKER = (
    "import sys; from orchestration import worker; "
    "worker.RUNS_PER_CHILD[worker.LIVE] = {runs}; sys.exit(worker.main([worker.LIVE]))"
)


class CloseLost(RuntimeError):
    """A session that closed was not taken through the flow in time."""


def main() -> None:
    """One JSON line."""
    options = argparse.ArgumentParser(prog="python -m bench.pipeline_bursts", description=__doc__)
    options.add_argument("--closes", type=int, default=60)
    options.add_argument("--runs-per-child", type=int, default=5)
    options.add_argument("--seed", type=int, default=7)
    arguments = options.parse_args()
    chance = random.Random(arguments.seed)
    with scratch_database() as settings, psycopg.connect(settings.administration_url, autocommit=True) as admin:
        gym = make_gym(admin, "pau")
        with running_pipeline(settings, settings.home, names=("dagster-live", "dagster-daemon")) as pipeline:
            start_recycling_worker(pipeline, arguments.runs_per_child)
            try:
                # The cold start is measured by pipeline_latency.
                wait_for(admin, [closed(admin, gym)])
                sessions: list[UUID] = []
                for burst in bursts(chance, arguments.closes):
                    was_before_half = len(sessions) < arguments.closes / 2
                    sessions += [closed(admin, gym) for _ in range(burst)]
                    if was_before_half and len(sessions) >= arguments.closes / 2:
                        kill_child(pipeline)
                    time.sleep(chance.uniform(0, LONGEST_PAUSE_SECONDS))
                wait_for(admin, sessions)
            except CloseLost:
                print_logs(settings.home)
                raise
            seconds = sorted(waited(admin, sessions))
    print(
        json.dumps(
            {
                "bench": "pipeline_bursts",
                "closes": len(seconds),
                "runs_per_child": arguments.runs_per_child,
                "median_seconds": round(seconds[len(seconds) // 2], 3),
                "p95_seconds": round(seconds[int(len(seconds) * 0.95)], 3),
                "worst_seconds": round(seconds[-1], 3),
            }
        )
    )


def start_recycling_worker(pipeline: RunningPipeline, runs: int) -> None:
    """The live worker runs, with a new child after every few runs."""
    from orchestration.instance import worker_process
    from orchestration.queues import LIVE

    stock = worker_process(pipeline.settings, LIVE)
    pipeline.start(replace(stock, argv=(sys.executable, "-c", RECYCLING_WORKER.format(runs=runs))))


def bursts(chance: random.Random, closes: int) -> Iterator[int]:
    """Sizes of bursts that add up to so many closes."""
    while closes > 0:
        size = min(closes, chance.randint(1, MOST_IN_A_BURST))
        closes -= size
        yield size


def closed(admin: psycopg.Connection, gym: Gym) -> UUID:
    """A session that has just closed."""
    session_id = open_session(admin, gym, SAID)
    close_session(admin, session_id)
    return session_id


def kill_child(pipeline: RunningPipeline) -> None:
    """The worker's child is gone, as after kill -9, whatever it was doing."""
    worker = pipeline.running["worker-live"].pid
    for child in Path(f"/proc/{worker}/task/{worker}/children").read_text().split():
        os.kill(int(child), signal.SIGKILL)


def wait_for(admin: psycopg.Connection, sessions: list[UUID]) -> None:
    """Every session has gone through the flow."""
    until = time.monotonic() + PATIENCE_SECONDS
    while len(waited(admin, sessions)) < len(sessions):
        if time.monotonic() > until:
            missing = len(sessions) - len(waited(admin, sessions))
            raise CloseLost(f"found {missing} of {len(sessions)} closes not done after {PATIENCE_SECONDS:.0f} s")
        time.sleep(0.1)


def waited(admin: psycopg.Connection, sessions: list[UUID]) -> list[float]:
    """Seconds from the close to the end of the flow, of those that got there."""
    rows = admin.execute(
        "select extract(epoch from alerted_at - queued_at)::double precision from conversation_summaries "
        "where session_id = any (%s) and alerted_at is not null",
        [sessions],
    ).fetchall()
    return [seconds for (seconds,) in rows]


if __name__ == "__main__":
    main()
