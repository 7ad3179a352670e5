"""Fills an empty database with a believable, repeatable network of gyms.

Called by `jarvis simulate` and, with a small network, by `jarvis up`. Generation is pure
(`generate.py`), writing is one transaction (`write.py`): a stopped run leaves nothing behind.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from psycopg import Connection

from warehouse.demo.generate import generate
from warehouse.demo.members import badge_of
from warehouse.demo.network import EMAIL_DOMAIN
from warehouse.demo.records import Credential
from warehouse.demo.write import write_network
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
    generate_seconds: float
    write_seconds: float

    def __str__(self) -> str:
        rows = self.rows
        negative = sum(moods.get("negative", 0) for moods in self.moods_by_gym.values())
        return (
            f"{rows['franchises']} franchises, {rows['gyms']} gyms, {rows['kiosks']} kiosks, "
            f"{rows['gym_members_v2']:,} members, {rows['member_visits']:,} visits, "
            f"{rows['openai_realtime_sessions']:,} conversations ({negative:,} unhappy), "
            f"in {self.generate_seconds + self.write_seconds:.1f} s"
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
    now: datetime | None = None,
    password: str = DEMO_PASSWORD,
    progress: Callable[[str], None] | None = None,
) -> SimulationReport:
    """The empty database holds a network; the same seed and `now` give the same rows, identifiers included.

    Args:
        connection: logged in as jarvis_pipeline or the administrator.
        now: the last moment of the simulated days; the clock when None.
        password: of every account; give a secret one wherever others can reach the dashboards.
        progress: is told each step as it begins.

    Raises:
        SimulationRefused: when the database holds gyms already.
        ValueError: when `days` or `members` is not positive.
    """
    from jarvis.passwords import hash_password

    say = progress or _silently
    with connection.transaction():
        # Two simulations at once would interleave: the second waits here, then finds a network.
        connection.execute(queries("demo")["hold_simulation"])
        if not is_empty(connection):
            raise SimulationRefused(
                "found a network in this database, expected an empty one: name another (JARVIS_HOME or "
                "JARVIS_DATABASE_URL), or empty this one with 'jarvis migrate down' and 'jarvis migrate up'"
            )
        started = time.perf_counter()
        say("generating")
        network = generate(days=days, members=members, seed=seed, now=now or datetime.now(UTC))
        generated = time.perf_counter()
        # One hash for all: they share one password, and a hash costs 20 ms by design.
        password_hash = hash_password(password)
        rows = write_network(
            connection,
            network,
            credentials=[Credential(user.id, password_hash) for user in network.places.users],
            progress=say,
        )
    return SimulationReport(
        rows=rows,
        moods_by_gym=network.moods_by_gym(),
        generate_seconds=generated - started,
        write_seconds=time.perf_counter() - generated,
    )


def is_empty(connection: Connection) -> bool:
    """True while the database holds no gym and no user."""
    row = connection.execute(queries("demo")["is_empty"]).fetchone()
    return row is not None and bool(row[0])


def demo_logins(connection: Connection) -> list[DemoLogin]:
    """The demo accounts worth showing, widest scope first; empty where there is no demo network."""
    rows = connection.execute(queries("demo")["demo_logins"], {"pattern": f"%@{EMAIL_DOMAIN}"}).fetchall()
    return [DemoLogin(email, " · ".join(filter(None, (_ROLE_LABELS_FR[role], place)))) for email, role, place in rows]


def _silently(_step: str) -> None:
    """Nobody asked to be told."""
