"""Seconds and rows a second of `jarvis simulate`, against a floor in the same run.

Prints one JSON line; by default for 2,000 members and 90 days, with `--gyms 100 --members 10000 --days 730` for the
largest network, with `--talk 7` for one of a million turns. The floor is a COPY of the same number of bare rows into
a table without keys or triggers: what this machine's Postgres takes when nothing is checked. `cpu_seconds` is this
process's and the database backend's time on a core: what it takes where nobody else wants the machine. Starts a
database of its own.
"""

import argparse
import json
import resource
import time

import psycopg

from bench.support.database import scratch_database
from bench.support.processor import cpu_seconds
from warehouse.demo.simulate import simulate

SEED = 7


def main() -> None:
    """One JSON line: rows, seconds, memory, and how many times slower than the floor it all is."""
    parser = argparse.ArgumentParser(prog="python -m bench.simulate", description=__doc__)
    parser.add_argument("--gyms", type=int)
    parser.add_argument("--members", type=int, default=2000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--talk", type=float, default=1.0)
    options = parser.parse_args()
    with scratch_database() as settings:
        with psycopg.connect(settings.database_url_for("pipeline")) as connection:
            began = time.process_time()
            report = simulate(
                connection, gyms=options.gyms, members=options.members, days=options.days, seed=SEED, talk=options.talk
            )
            own_seconds = time.process_time() - began
            backend_seconds = cpu_seconds(connection.info.backend_pid)
        rows = sum(report.rows.values())
        floor_seconds = copy_bare_rows(settings.administration_url, rows)
    print(
        json.dumps(
            {
                "bench": "simulate",
                "gyms": report.rows["gyms"],
                "members": options.members,
                "days": options.days,
                "rows": rows,
                "visits": report.rows["member_visits"],
                "sessions": report.rows["openai_realtime_sessions"],
                "turns": report.rows["session_turns"],
                "seconds": round(report.seconds, 2),
                "cpu_seconds": {"process": round(own_seconds, 2), "backend": round(backend_seconds, 2)},
                "rows_per_second": round(rows / report.seconds),
                "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                "floor_seconds": round(floor_seconds, 2),
                "over_floor": round(report.seconds / floor_seconds, 1),
            }
        )
    )


def copy_bare_rows(url: str, rows: int) -> float:
    """Seconds to copy so many three-column rows into a table that checks nothing."""
    started = time.perf_counter()
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("create temporary table bare (number integer, moment timestamptz, words text)")
        with cursor.copy("copy bare from stdin") as copy:
            for number in range(rows):
                copy.write_row([number, "2026-11-22 17:30:00+00", "le tapis 4 s'est encore arrêté"])
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
