"""Seconds from a session's close to its alert's row, and to the manager's page, through Dagster's own sensor and runs.

`python -m bench.pipeline_latency` prints one JSON line: median and worst of ten closes, and the ratio
to a floor measured in the same run, which is the same three stages called bare in this process.
Visible is what the open page sees: its own question at its own interval, as the gym's manager under
row security, and then its list. Starts a database and the pipeline's real processes of its own, with
the engine the settings choose.
"""

import argparse
import json
import random
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from uuid import UUID, uuid4

import psycopg

from bench.support.database import scratch_database
from bench.support.processes import running_pipeline
from bench.support.world import Gym, close_session, make_gym, open_session
from dashboards.alert_desk import DatabaseAlertDesk
from dashboards.alert_list import REFRESH_SECONDS
from dashboards.alerts import AlertChoice
from jarvis.settings import Settings
from jarvis.tenancy import Scope, UserRole
from ml.conversations.engine import engine_for
from orchestration import batches
from warehouse.people import Database

SAID = (
    "Bonjour, je voulais vous dire que le tapis 4 est encore cassé.",
    "Ça fait trois semaines, c'est vraiment inadmissible, je suis très déçu !",
)

PATIENCE_SECONDS = 120.0
ROW_POLL_SECONDS = 0.005


class AlertMissing(RuntimeError):
    """A session that closed has no alert after two minutes."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds after one close."""

    row: float
    """Until another connection sees the alert."""
    visible: float
    """Until the manager's open page has it in its list."""


class Page:
    """The alerts page of a gym's manager, open: it looks at its own interval, and lists when something changed."""

    def __init__(self, desk: DatabaseAlertDesk, scope: Scope) -> None:
        self._desk = desk
        self._scope = scope
        self._shown = desk.mark(scope)
        self._next_look = time.monotonic() + random.uniform(0, REFRESH_SECONDS)

    def shows(self, turn_ids: set[str]) -> bool:
        """True when the page has just listed an alert that quotes one of the turns; False between two looks."""
        if time.monotonic() < self._next_look:
            return False
        self._next_look += REFRESH_SECONDS
        mark = self._desk.mark(self._scope)
        if mark == self._shown:
            return False
        self._shown = mark
        listed = self._desk.alerts(self._scope, AlertChoice()).alerts
        return any(quote.turn_id in turn_ids for alert in listed for quote in alert.quotes)


def main() -> None:
    """One JSON line."""
    options = argparse.ArgumentParser(prog="python -m bench.pipeline_latency", description=__doc__)
    options.add_argument("--closes", type=int, default=10)
    options.add_argument("--pause", type=float, default=2.0, help="seconds between two closes")
    arguments = options.parse_args()
    with scratch_database() as settings, psycopg.connect(settings.administration_url, autocommit=True) as admin:
        floor = floor_seconds(settings, admin, closes=arguments.closes)
        started = time.monotonic()
        with running_pipeline(settings, settings.home):
            gym = make_gym(admin, "pau")
            try:
                with manager_page(settings, admin, gym) as open_page:
                    close_and_wait(admin, gym, open_page())
                    ready = time.monotonic() - started
                    found = []
                    for _ in range(arguments.closes):
                        # Each page was opened at another moment, so the closes fall anywhere between two looks.
                        time.sleep(arguments.pause)
                        found.append(close_and_wait(admin, gym, open_page()))
            except AlertMissing:
                print_logs(settings.home)
                raise
    rows, visible = [one.row for one in found], [one.visible for one in found]
    print(
        json.dumps(
            {
                "bench": "pipeline_latency",
                "closes": arguments.closes,
                "engine": settings.analysis_engine,
                "row_median_seconds": round(median(rows), 3),
                "row_worst_seconds": round(max(rows), 3),
                "visible_median_seconds": round(median(visible), 3),
                "visible_worst_seconds": round(max(visible), 3),
                "page_refresh_seconds": REFRESH_SECONDS,
                "floor_median_seconds": round(median(floor), 3),
                "ratio_to_floor": round(median(rows) / median(floor), 1),
                "cold_start_to_first_alert_seconds": round(ready, 1),
            }
        )
    )


def floor_seconds(settings: Settings, admin: psycopg.Connection, *, closes: int) -> list[float]:
    """Seconds of each close with the stages called bare: nothing between the close and the work."""
    engine = engine_for(settings)
    gym = make_gym(admin, "floor")
    seconds = []
    with psycopg.connect(settings.database_url_for("pipeline")) as connection:
        for _ in range(closes + 1):
            session_id = open_session(admin, gym, SAID)
            started = time.monotonic()
            close_session(admin, session_id)
            batches.analyse_due(connection, engine)
            batches.count_members(connection)
            batches.raise_alerts(connection, negative_feedback_below=settings.negative_feedback_below)
            if not has_alert(admin, session_id):
                raise AlertMissing(f"session {session_id}: found no alert after the stages ran, expected one")
            seconds.append(time.monotonic() - started)
    # The first one loads what the others find loaded.
    return seconds[1:]


@contextmanager
def manager_page(settings: Settings, admin: psycopg.Connection, gym: Gym) -> Iterator[Callable[[], Page]]:
    """What opens the alerts page as a manager of the gym, through the dashboards' own login."""
    user_id = uuid4()
    admin.execute(
        "insert into users (id, email, full_name, role, gym_id) values (%s, %s, 'Bench', 'gym_manager', %s)",
        [user_id, f"{user_id}@salle.test", gym.gym_id],
    )
    scope = Scope(user_id=user_id, role=UserRole.GYM_MANAGER, full_name="Bench", gym_id=gym.gym_id, gym_name="Pau")
    database = Database(settings.database_url_for("dashboard"))
    database.open()
    try:
        yield lambda: Page(DatabaseAlertDesk(database), scope)
    finally:
        database.close()


def close_and_wait(admin: psycopg.Connection, gym: Gym, page: Page) -> Latency:
    """What passed until the alert's row was there, and until the page showed it."""
    session_id = open_session(admin, gym, SAID)
    turns = admin.execute("select id::text from session_turns where session_id = %s", [session_id]).fetchall()
    turn_ids = {turn_id for (turn_id,) in turns}
    started = time.monotonic()
    close_session(admin, session_id)
    row: float | None = None
    visible: float | None = None
    while row is None or visible is None:
        if time.monotonic() - started > PATIENCE_SECONDS:
            raise AlertMissing(
                f"session {session_id}: found {'a row' if row else 'no row'} and no alert on the page "
                f"after {PATIENCE_SECONDS:.0f} s, expected both"
            )
        if row is None and has_alert(admin, session_id):
            row = time.monotonic() - started
        if visible is None and page.shows(turn_ids):
            visible = time.monotonic() - started
        time.sleep(ROW_POLL_SECONDS)
    return Latency(row, visible)


def has_alert(admin: psycopg.Connection, session_id: UUID) -> bool:
    """True when an alert rests on the session."""
    return (
        admin.execute(
            "select from manager_alerts where context -> 'session_ids' ? %s limit 1", [str(session_id)]
        ).fetchone()
        is not None
    )


def print_logs(folder: Path) -> None:
    """The ends of the processes' logs are on stderr."""
    for log in sorted(folder.glob("*.log")):
        sys.stderr.write(f"== {log.name}\n{log.read_text(errors='replace')[-4000:]}\n")


if __name__ == "__main__":
    main()
