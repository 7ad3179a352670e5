"""The command line's refusals: one clear line each, and nothing started."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.conftest import Database
from warehouse.embedded import free_port
from warehouse.migrate import MigrationError, check_server

JARVIS = Path(sys.executable).with_name("jarvis")


def jarvis(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A command on a home of its own."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("JARVIS_", "OPENAI_"))}
    return subprocess.run(
        [JARVIS, *arguments],
        env={**inherited, "JARVIS_HOME": str(home), **environment},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_busy_port_is_one_line_that_names_the_setting(tmp_path: Path) -> None:
    """`jarvis up` with a taken gateway port says which setting moves it and starts nothing."""
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        completed = jarvis(tmp_path, "up", JARVIS_GATEWAY_PORT=str(port))
    assert completed.returncode == 1
    assert completed.stderr.strip() == (
        f"jarvis: port {port} is taken by another program: set JARVIS_GATEWAY_PORT to a free one"
    )
    assert not (tmp_path / "postgres").exists()


def test_an_unreachable_database_is_one_line_without_the_password(tmp_path: Path) -> None:
    """The address is named, the password is not."""
    port = free_port()
    completed = jarvis(
        tmp_path, "migrate", "status", JARVIS_DATABASE_URL=f"postgresql://someone:hunter2@127.0.0.1:{port}/gym"
    )
    assert completed.returncode == 1
    assert len(completed.stderr.strip().splitlines()) == 1
    assert f"127.0.0.1:{port}/gym" in completed.stderr
    assert "hunter2" not in completed.stderr


def test_every_wrong_setting_is_listed_at_once(tmp_path: Path) -> None:
    """Two wrong settings give two lines and exit code 2."""
    completed = jarvis(tmp_path, "url", JARVIS_GATEWAY_PORT="eighty", JARVIS_ANALYSIS_ENGINE="magic")
    assert completed.returncode == 2
    assert "JARVIS_GATEWAY_PORT: found 'eighty'" in completed.stderr
    assert "JARVIS_ANALYSIS_ENGINE: found 'magic'" in completed.stderr


def test_migrate_goes_up_and_down_by_command(database: Database, tmp_path: Path) -> None:
    """status, down to nothing and up again work on a given database."""
    given = {"JARVIS_DATABASE_URL": database.url_for("admin")}
    assert "pending" not in jarvis(tmp_path, "migrate", "status", **given).stdout
    down = jarvis(tmp_path, "migrate", "down", **given)
    assert down.returncode == 0, down.stderr
    assert "applied " not in jarvis(tmp_path, "migrate", "status", **given).stdout
    up = jarvis(tmp_path, "migrate", "up", **given)
    assert up.returncode == 0, up.stderr
    assert "pending" not in jarvis(tmp_path, "migrate", "status", **given).stdout


class _Server:
    """What `check_server` asks of a connection, with answers of our choice."""

    def __init__(self, version: int, vector: str | None) -> None:
        self.info = SimpleNamespace(server_version=version, host="db", port=5432)
        self._vector = vector

    def execute(self, query: str) -> "_Server":
        return self

    def fetchone(self) -> tuple[str] | None:
        return (self._vector,) if self._vector else None


@pytest.mark.parametrize(
    ("version", "vector", "expected"),
    [
        (150004, "0.8.0", "Postgres 15.4"),
        (140020, "0.8.0", "Postgres 14.20"),
        (180000, None, "no extension vector"),
        (180000, "0.6.2", "pgvector 0.6.2"),
    ],
)
def test_an_unfit_server_is_refused_with_what_to_do(version: int, vector: str | None, expected: str) -> None:
    """Old versions, a missing pgvector and an old one are each named."""
    with pytest.raises(MigrationError, match=expected):
        check_server(_Server(version, vector))  # type: ignore[arg-type]


def test_a_patched_server_is_accepted() -> None:
    """The oldest accepted versions pass."""
    check_server(_Server(150014, "0.8.0"))  # type: ignore[arg-type]
