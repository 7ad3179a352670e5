"""Real gateway and stand-in processes for tests, on free ports, ended by pid."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar
from uuid import UUID

import httpx
import psycopg

from jarvis.settings import Settings
from voice_gateway.kiosk.commands import create_code, provision
from warehouse.embedded import free_port

REPOSITORY = Path(__file__).resolve().parents[2]
Found = TypeVar("Found")


@dataclass
class GatewayProcess:
    """A running `python -m voice_gateway`."""

    settings: Settings
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        """Its HTTP address."""
        return f"http://127.0.0.1:{self.settings.gateway_port}"

    def kill(self) -> None:
        """The process is gone as if the power had failed."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        """The process was asked to go, and has gone; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@dataclass(frozen=True)
class Network:
    """The smallest network a kiosk needs."""

    franchise_id: UUID
    gym_id: UUID
    sibling_gym_id: UUID
    member_id: UUID


def make_network(connection: psycopg.Connection) -> Network:
    """Two gyms of one franchise: an active and an inactive member in the first, one member in the second."""
    row = connection.execute("insert into franchises (name) values ('Réseau') returning id").fetchone()
    assert row
    franchise_id = row[0]
    gym_ids = []
    for slug in ("dax", "pau"):
        row = connection.execute(
            """
            insert into gyms (franchise_id, slug, name, opening_hours)
            values (%s, %s, %s, '{"mon": ["06:00", "22:00"], "sun": ["09:00", "13:00"]}') returning id
            """,
            [franchise_id, slug, slug.title()],
        ).fetchone()
        assert row
        gym_ids.append(row[0])
    member_ids = []
    for gym_id, badge, name, is_active in (
        (gym_ids[0], "B-LEA", "Léa", True),
        (gym_ids[0], "B-OLD", "Paul", False),
        (gym_ids[1], "B-PAU", "Inès", True),
    ):
        row = connection.execute(
            "insert into gym_members_v2 (gym_id, badge_id, first_name, is_active) values (%s, %s, %s, %s) returning id",
            [gym_id, badge, name, is_active],
        ).fetchone()
        assert row
        member_ids.append(row[0])
    return Network(franchise_id, gym_ids[0], gym_ids[1], member_ids[0])


def new_token(settings: Settings, gateway: GatewayProcess, *, name: str = "Borne Entrée", gym: str = "dax") -> str:
    """The token of a kiosk provisioned by code, as a technician does it."""
    code = create_code(settings, gym, name)["code"]
    return provision(gateway.url, code, f"device-{name.replace(' ', '-').encode().hex()}")


@contextmanager
def running_standin(log: Path) -> Iterator[int]:
    """A stand-in upstream on a free port, which is yielded."""
    port = free_port()
    with _running(
        [sys.executable, "-m", "voice_gateway.standin", "--port", str(port)], {"JARVIS_HOME": str(log.parent)}, log
    ) as process:
        wait_until(lambda: _answers(f"http://127.0.0.1:{port}/healthz", process), seconds=30, what="the stand-in")
        yield port


@contextmanager
def running_gateway(
    settings: Settings,
    *,
    standin_port: int,
    log: Path,
    realtime_url: str | None = None,
    must_be_ready: bool = True,
    session: Mapping[str, object] | None = None,
) -> Iterator[GatewayProcess]:
    """A gateway on a free port; `session` holds `JARVIS_SESSION_…` settings by the rest of their name."""
    settings = replace(
        settings,
        gateway_port=free_port(),
        standin_port=standin_port,
        realtime_url=realtime_url or f"ws://127.0.0.1:{standin_port}/v1/realtime",
    )
    environment = {
        "JARVIS_HOME": str(settings.home),
        "JARVIS_GATEWAY_PORT": str(settings.gateway_port),
        "JARVIS_REALTIME_URL": settings.realtime_url,
        "JARVIS_REALTIME_MODEL": settings.realtime_model,
        "JARVIS_BUDGET_MODEL": settings.budget_model,
        "JARVIS_DATABASE_URL_GATEWAY": settings.database_url_for("gateway"),
        # Few tests are about a kiosk that comes back: the others wait no longer than it takes to see it gone.
        "JARVIS_SESSION_RESUME_SECONDS": "0.5",
        **{f"JARVIS_SESSION_{name}": str(value) for name, value in (session or {}).items()},
    }
    with _running([sys.executable, "-m", "voice_gateway"], environment, log) as process:
        gateway = GatewayProcess(settings, process, log)
        path = "/readyz" if must_be_ready else "/healthz"
        wait_until(lambda: _answers(gateway.url + path, process), seconds=30, what="the gateway")
        yield gateway


def wait_until(look: Callable[[], Found | None], *, seconds: float, what: str) -> Found:
    """The first answer that is not None or empty."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.05)
    raise AssertionError(f"{what} did not come within {seconds} s")


@contextmanager
def _running(argv: list[str], environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("JARVIS_", "OPENAI_"))}
    with log.open("ab") as stream:
        process = subprocess.Popen(
            argv, env={**inherited, **environment}, cwd=REPOSITORY, stdout=stream, stderr=subprocess.STDOUT
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)


def _answers(url: str, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, f"the process ended with {process.returncode}"
    try:
        # Without `verify`, each question would load the system's certificates, which takes longer than the answer.
        return httpx.get(url, timeout=2, trust_env=False, verify=False).is_success
    except httpx.HTTPError:
        return False
