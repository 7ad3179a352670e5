"""Seconds from a session's close to its alert's row, through Dagster's own sensor and runs.

`python -m bench.pipeline_latency` prints one JSON line: median and worst of ten closes, and the ratio
to a floor measured in the same run, which is the same three stages called bare in this process.
Starts a database and the pipeline's real processes of its own, with the engine the settings choose.
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from uuid import UUID

import psycopg

from jarvis.settings import Settings, load_settings
from ml.conversations.engine import engine_for
from orchestration import batches
from tests.support.pipeline_processes import running_pipeline
from tests.support.pipeline_world import Gym, close_session, make_gym, open_session
from warehouse.embedded import EmbeddedPostgres, free_port
from warehouse.migrate import create_database, migrate_up, set_door_passwords

SAID = (
    "Bonjour, je voulais vous dire que le tapis 4 est encore cassé.",
    "Ça fait trois semaines, c'est vraiment inadmissible, je suis très déçu !",
)


class AlertMissing(RuntimeError):
    """A session that closed has no alert after two minutes."""


def main() -> None:
    """One JSON line."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--closes", type=int, default=10)
    options.add_argument("--pause", type=float, default=2.0, help="seconds between two closes")
    arguments = options.parse_args()
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
        with psycopg.connect(settings.administration_url, autocommit=True) as admin:
            floor = floor_seconds(settings, admin, closes=arguments.closes)
            started = time.monotonic()
            with running_pipeline(settings, home, module="orchestration.live"):
                gym = make_gym(admin, "pau")
                try:
                    close_and_wait(admin, gym)
                    ready = time.monotonic() - started
                    seconds = []
                    for _ in range(arguments.closes):
                        time.sleep(arguments.pause)
                        seconds.append(close_and_wait(admin, gym))
                except AlertMissing:
                    for log in sorted(home.glob("*.log")):
                        sys.stderr.write(f"== {log.name}\n{log.read_text(errors='replace')[-4000:]}\n")
                    raise
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)
    print(
        json.dumps(
            {
                "bench": "pipeline_latency",
                "closes": arguments.closes,
                "engine": settings.analysis_engine,
                "median_seconds": round(median(seconds), 3),
                "worst_seconds": round(max(seconds), 3),
                "floor_median_seconds": round(median(floor), 3),
                "ratio_to_floor": round(median(seconds) / median(floor), 1),
                "cold_start_to_first_alert_seconds": round(ready, 1),
            }
        )
    )


def floor_seconds(settings: Settings, admin: psycopg.Connection, *, closes: int) -> list[float]:
    """Seconds of each close with the stages called bare: nothing between the close and the work."""
    engine = engine_for(settings)
    gym = make_gym(admin, "floor")
    with psycopg.connect(settings.database_url_for("pipeline")) as connection:

        def run_stages() -> None:
            batches.analyse_due(connection, engine)
            batches.count_members(connection)
            batches.raise_alerts(connection, negative_feedback_below=settings.negative_feedback_below)

        close_and_wait(admin, gym, after_close=run_stages)
        return [close_and_wait(admin, gym, after_close=run_stages) for _ in range(closes)]


def close_and_wait(admin: psycopg.Connection, gym: Gym, *, after_close: Callable[[], None] | None = None) -> float:
    """Seconds until another connection sees the alert that quotes this session."""
    session_id = open_session(admin, gym, SAID)
    started = time.monotonic()
    close_session(admin, session_id)
    if after_close is not None:
        after_close()
    while not has_alert(admin, session_id):
        if time.monotonic() - started > 120:
            raise AlertMissing(f"session {session_id}: found no alert after 120 s, expected one")
        time.sleep(0.005)
    return time.monotonic() - started


def has_alert(admin: psycopg.Connection, session_id: UUID) -> bool:
    """True when an alert rests on the session."""
    return (
        admin.execute(
            "select from manager_alerts where context -> 'session_ids' ? %s limit 1", [str(session_id)]
        ).fetchone()
        is not None
    )


if __name__ == "__main__":
    main()
