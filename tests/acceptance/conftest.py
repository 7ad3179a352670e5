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


@dataclass
class System:
    """A running JARVIS, which may be stopped and started again."""

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

    def start_again(self) -> None:
        """It runs on the same home, after it has ended; its output begins anew."""
        self.supervisor = _supervisor(self.environment, self.output)
        self.wait_until_welcomed()

    def wait_until_welcomed(self) -> None:
        """`jarvis up` has said that it runs."""

        def welcomed() -> bool:
            assert self.supervisor.poll() is None, f"jarvis up ended: {self.output.read_text()}"
            return "JARVIS runs" in self.output.read_text()

        wait_for(welcomed, seconds=START_SECONDS, what="jarvis up")

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
def started_system() -> Iterator[System]:
    """A system of its own, started as a person would and stopped by Ctrl-C."""
    # Not pytest's own folder: only root could enter it, and the database runs as another user.
    home = Path(tempfile.mkdtemp(prefix="jarvis-acceptance-"))
    home.chmod(0o755)
    ports = ("DATABASE", "GATEWAY", "DAGSTER", "DASHBOARDS", "STANDIN")
    chosen = {"JARVIS_HOME": str(home), **{f"JARVIS_{name}_PORT": str(free_port()) for name in ports}}
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("JARVIS_", "OPENAI_"))}
    environment, output = {**inherited, **chosen}, home / "up.log"
    system = System(load_settings(chosen), environment, _supervisor(environment, output), output)
    try:
        system.wait_until_welcomed()
        yield system
    finally:
        if system.supervisor.poll() is None:
            system.supervisor.send_signal(signal.SIGINT)
        try:
            system.supervisor.wait(60)
        except subprocess.TimeoutExpired:
            system.supervisor.kill()
            raise
        if keep := os.environ.get("JARVIS_ACCEPTANCE_LOGS"):
            shutil.copytree(home / "logs", Path(keep), dirs_exist_ok=True)
            shutil.copy(output, keep)
        shutil.rmtree(home, ignore_errors=True)


def _supervisor(environment: Mapping[str, str], output: Path) -> "subprocess.Popen[str]":
    with output.open("w") as log:
        return subprocess.Popen(
            [JARVIS, "up"], env=environment, cwd=REPOSITORY, stdout=log, stderr=subprocess.STDOUT, text=True
        )


@pytest.fixture(scope="package")
def system() -> Iterator[System]:
    """One system for all acceptance tests, gone before the next lane's tests begin."""
    with started_system() as running:
        yield running
