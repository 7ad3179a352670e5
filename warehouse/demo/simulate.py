"""Fills an empty database with a believable, repeatable network of gyms.

Called by `jarvis simulate` and, with a small network, by `jarvis up`. Generation is pure
(`generate.py`) and goes gym by gym, writing (`write.py`) is one COPY per gym and table in one transaction:
memory holds one gym, and a stopped run leaves nothing behind.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TextIO

from psycopg import Connection

from warehouse.demo.generate import GymPart, blueprint, gym_parts, places_of
from warehouse.demo.members import badge_of
from warehouse.demo.network import EMAIL_DOMAIN
from warehouse.demo.records import Credential
from warehouse.demo.write import write_gym, write_places
from warehouse.sql import queries

DEMO_PASSWORD = "jarvis-demo-salle"
# An active member of the first gym, Dax, in every simulated network: for `jarvis kiosk talk --badge`.
DEMO_BADGE = badge_of(1)

_ROLE_LABELS_FR = {
    "super_admin": "Administration JARVIS",
    "franchise_owner": "Propriétaire de franchise",
    "gym_manager": "Responsable de salle",
    "gym_staff": "Équipe de salle",
    "analyst": "Analyste",
}


class SimulationError(RuntimeError):
    """A simulation could not run; the message says what to do."""


class SimulationRefused(SimulationError):
    """The database holds a network already; nothing was written."""


@dataclass(frozen=True, slots=True)
class SimulationReport:
    """What one simulation wrote."""

    rows: Mapping[str, int]
    """Table name to rows."""
    moods_by_gym: Mapping[str, Mapping[str, int]]
    """Gym slug to how many conversations were written negative, neutral and positive."""
    seconds: float
    write_seconds: float
    """Of those; the rest waited for a part to be made."""

    def __str__(self) -> str:
        rows = self.rows
        negative = sum(moods.get("negative", 0) for moods in self.moods_by_gym.values())
        return (
            f"{rows['franchises']} franchises, {rows['gyms']} gyms, {rows['kiosks']} kiosks, "
            f"{rows['gym_members_v2']:,} members, {rows['member_visits']:,} visits, "
            f"{rows['openai_realtime_sessions']:,} conversations ({negative:,} unhappy), "
            f"in {self.seconds:.1f} s"
        )


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """One account of the demo network; all share `DEMO_PASSWORD`."""

    email: str
    label: str
    """Role and place, in French."""


def simulate(
    connection: Connection,
    *,
    days: int,
    members: int,
    seed: int,
    gyms: int | None = None,
    talk: float = 1.0,
    pending_days: int | None = None,
    now: datetime | None = None,
    password: str = DEMO_PASSWORD,
    truth: TextIO | None = None,
    progress: Callable[[str], None] | None = None,
) -> SimulationReport:
    """The empty database holds a network; the same seed and `now` give the same rows, identifiers included.

    Args:
        connection: logged in as jarvis_pipeline or the administrator.
        gyms: as many as fit the members when None.
        talk: conversations, times this.
        pending_days: conversations of so many days wait for the analysis engine; see `generate.blueprint`.
        now: the last moment of the simulated days; the clock when None.
        password: of every account; give a secret one wherever others can reach the dashboards.
        truth: gets a JSON line per member with what no table knows (`truth.py`).
        progress: is told each gym's slug as it begins to be written.

    Raises:
        SimulationRefused: when the database holds gyms already.
        SimulationError: when a number is not positive, or there are more gyms than members or places.
    """
    from jarvis.passwords import hash_password

    try:
        plan = blueprint(
            gyms=gyms, members=members, days=days, seed=seed, now=now or datetime.now(UTC), talk=talk,
            pending_days=pending_days,
        )  # fmt: skip
        places = places_of(plan)
    except ValueError as error:
        raise SimulationError(str(error)) from error
    rows: Counter[str] = Counter()
    moods: dict[str, Mapping[str, int]] = {}
    writing = 0.0
    began = time.perf_counter()
    with connection.transaction():
        # Two simulations at once would interleave: the second waits here, then finds a network.
        connection.execute(queries("demo")["hold_simulation"])
        if not is_empty(connection):
            raise SimulationRefused(
                "found a network in this database, expected an empty one: name another (JARVIS_HOME or "
                "JARVIS_DATABASE_URL), or empty this one with 'jarvis migrate down' and 'jarvis migrate up'"
            )
        # One hash for all: they share one password, and a hash costs 20 ms by design.
        password_hash = hash_password(password)
        credentials = [Credential(user.id, password_hash) for user in places.users]
        rows.update(write_places(connection, places, credentials=credentials))
        for part in _ahead(gym_parts(plan, places)):
            if progress is not None:
                progress(part.gym.gym.slug)
            started = time.perf_counter()
            rows.update(write_gym(connection, part))
            writing += time.perf_counter() - started
            moods[part.gym.gym.slug] = part.moods()
            if truth is not None:
                truth.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in part.truth(now=plan.now))
    return SimulationReport(
        rows=rows,
        moods_by_gym=moods,
        seconds=time.perf_counter() - began,
        write_seconds=writing,
    )


def _ahead(parts: Iterator[GymPart]) -> Iterator[GymPart]:
    """The same parts, each made while the one before it is written: the database works meanwhile."""
    with ThreadPoolExecutor(max_workers=1) as maker:
        coming = maker.submit(next, parts, None)
        while (part := coming.result()) is not None:
            coming = maker.submit(next, parts, None)
            yield part


def is_empty(connection: Connection) -> bool:
    """True while the database holds no gym and no user."""
    row = connection.execute(queries("demo")["is_empty"]).fetchone()
    return row is not None and bool(row[0])


def demo_logins(connection: Connection) -> list[DemoLogin]:
    """The demo accounts worth showing, widest scope first; empty where there is no demo network."""
    rows = connection.execute(queries("demo")["demo_logins"], {"pattern": f"%@{EMAIL_DOMAIN}"}).fetchall()
    return [DemoLogin(email, " · ".join(filter(None, (_ROLE_LABELS_FR[role], place)))) for email, role, place in rows]
