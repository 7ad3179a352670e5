"""Seconds and rows a second of `jarvis simulate --days 90 --members 2000`, against a floor in the same run.

Prints one JSON line. The floor is a COPY of the same number of bare rows into a table without keys
or triggers: what this machine's Postgres takes when nothing is checked. Starts a database of its own.
"""

import argparse
import json
import time

import psycopg

from bench.support.database import scratch_database
from warehouse.demo.simulate import simulate

DAYS, MEMBERS, SEED = 90, 2000, 7


def main() -> None:
    """One JSON line: rows, seconds of each half, and how many times slower than the floor writing is."""
    argparse.ArgumentParser(prog="python -m bench.simulate", description=__doc__).parse_args()
    with scratch_database() as settings:
        with psycopg.connect(settings.database_url_for("pipeline")) as connection:
            report = simulate(connection, days=DAYS, members=MEMBERS, seed=SEED)
        rows = sum(report.rows.values())
        floor_seconds = copy_bare_rows(settings.administration_url, rows)
    print(
        json.dumps(
            {
                "bench": "simulate",
                "days": DAYS,
                "members": MEMBERS,
                "rows": rows,
                "visits": report.rows["member_visits"],
                "sessions": report.rows["openai_realtime_sessions"],
                "generate_seconds": round(report.generate_seconds, 2),
                "write_seconds": round(report.write_seconds, 2),
                "floor_seconds": round(floor_seconds, 2),
                "write_over_floor": round(report.write_seconds / floor_seconds, 1),
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
