"""The whole system as `jarvis up` runs it: real processes on an embedded database of their own."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest
from psycopg.rows import dict_row

from jarvis.settings import Settings, load_settings
from warehouse.embedded import free_port

REPOSITORY = Path(__file__).resolve().parents[2]
JARVIS = Path(sys.executable).with_name("jarvis")
START_SECONDS = 180

Found = TypeVar("Found")


@dataclass(frozen=True)
class System:
    """A running JARVIS."""

    settings: Settings
    environment: Mapping[str, str]
    supervisor: subprocess.Popen[str]
    output: Path

    def jarvis(self, *arguments: str, timeout: float = 120) -> str:
        """What a command prints; it must succeed."""
        completed = subprocess.run(
            [JARVIS, *arguments],
            env=self.environment,
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert completed.returncode == 0, f"jarvis {arguments[0]} failed: {completed.stderr}\n{completed.stdout}"
        return completed.stdout

    def rows(self, query: str, **parameters: object) -> list[dict[str, Any]]:
        """Rows as the administrator sees them, past row security."""
        url = self.settings.administration_url
        with psycopg.connect(url, autocommit=True, row_factory=dict_row) as connection:
            return connection.execute(query, parameters).fetchall()  # type: ignore[arg-type]

    def process_ids(self, name: str) -> list[int]:
        """Ids of the supervisor's children whose command line holds a word."""
        found = subprocess.run(
            ["pgrep", "-P", str(self.supervisor.pid), "-f", name], capture_output=True, text=True, check=False
        )
        return [int(line) for line in found.stdout.split()]

    def new_kiosk(self, gym_slug: str, name: str) -> str:
        """A freshly provisioned kiosk's device token."""
        code = json.loads(self.jarvis("kiosk", "code", "--gym", gym_slug, "--name", name))["code"]
        return self.jarvis(
            "kiosk", "provision", "--code", code, "--device-id", "test-" + name.lower().replace(" ", "-")
        ).strip()


def wait_for(look: Callable[[], Found | None], *, seconds: float, what: str) -> Found:
    """The first answer that is not None or empty, asked for ten times a second."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError(f"{what} did not happen within {seconds} s")


@contextmanager
def started_system(*, on: System | None = None) -> Iterator[System]:
    """A system of its own, started as a person would and stopped by Ctrl-C; on another one's home when given."""
    if on is None:
        # Not pytest's own folder: only root could enter it, and the database runs as another user.
        home = Path(tempfile.mkdtemp(prefix="jarvis-acceptance-"))
        home.chmod(0o755)
        ports = ("DATABASE", "GATEWAY", "DAGSTER", "DASHBOARDS", "STANDIN")
        chosen = {"JARVIS_HOME": str(home), **{f"JARVIS_{name}_PORT": str(free_port()) for name in ports}}
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("JARVIS_", "OPENAI_"))}
        settings, environment = load_settings(chosen), {**inherited, **chosen}
    else:
        settings, environment = on.settings, dict(on.environment)
    output = settings.home / "up.log"
    with output.open("w") as log:
        supervisor = subprocess.Popen(
            [JARVIS, "up"], env=environment, cwd=REPOSITORY, stdout=log, stderr=subprocess.STDOUT, text=True
        )
    try:

        def welcomed() -> bool:
            assert supervisor.poll() is None, f"jarvis up ended: {output.read_text()}"
            return "JARVIS runs" in output.read_text()

        wait_for(welcomed, seconds=START_SECONDS, what="jarvis up")
        yield System(settings, environment, supervisor, output)
    finally:
        if supervisor.poll() is None:
            supervisor.send_signal(signal.SIGINT)
        try:
            supervisor.wait(60)
        except subprocess.TimeoutExpired:
            supervisor.kill()
            raise
        if keep := os.environ.get("JARVIS_ACCEPTANCE_LOGS"):
            shutil.copytree(settings.home / "logs", Path(keep), dirs_exist_ok=True)
            shutil.copy(output, keep)
        if on is None:
            shutil.rmtree(settings.home, ignore_errors=True)


@pytest.fixture(scope="package")
def system() -> Iterator[System]:
    """One system for all acceptance tests, gone before the next lane's tests begin."""
    with started_system() as running:
        yield running
