"""Seconds and rows a second of `jarvis simulate --days 90 --members 2000`, against a floor in the same run.

Prints one JSON line. The floor is a COPY of the same number of bare rows into a table without keys
or triggers: what this machine's Postgres takes when nothing is checked. Starts a database of its own.
"""

import json
import shutil
import tempfile
import time
from pathlib import Path

import psycopg

from jarvis.settings import load_settings
from warehouse.demo.simulate import simulate
from warehouse.embedded import EmbeddedPostgres, free_port
from warehouse.migrate import create_database, migrate_up, set_door_passwords

DAYS, MEMBERS, SEED = 90, 2000, 7


def main() -> None:
    """One JSON line: rows, seconds of each half, and how many times slower than the floor writing is."""
    # Not under a folder only root can enter: the server may run as another user.
    home = Path(tempfile.mkdtemp(prefix="jarvis-bench-"))
    home.chmod(0o755)
    settings = load_settings({"JARVIS_HOME": str(home), "JARVIS_DATABASE_PORT": str(free_port())})
    server = EmbeddedPostgres(
        data_dir=home / "postgres", port=settings.database_port, password=settings.role_password("postgres")
    )
    server.start()
    try:
        create_database(settings.administration_url, "jarvis")
        migrate_up(settings.administration_url)
        set_door_passwords(settings.administration_url, {"jarvis_pipeline": settings.role_password("jarvis_pipeline")})
        with psycopg.connect(settings.database_url_for("pipeline")) as connection:
            report = simulate(connection, days=DAYS, members=MEMBERS, seed=SEED)
        rows = sum(report.rows.values())
        floor_seconds = copy_bare_rows(settings.administration_url, rows)
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
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
