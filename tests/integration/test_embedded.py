"""The embedded server: starts, survives a kill, and says clearly why it cannot start."""

import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from warehouse import embedded
from warehouse.embedded import EmbeddedPostgres, EmbeddedPostgresError, free_port


@pytest.fixture
def server() -> Iterator[EmbeddedPostgres]:
    """A server of this test's own, not started."""
    folder = Path(tempfile.mkdtemp(prefix="jarvis-embedded-"))
    folder.chmod(0o755)
    server = EmbeddedPostgres(data_dir=folder / "postgres", port=free_port(), password="secret")
    yield server
    server.stop()
    shutil.rmtree(folder, ignore_errors=True)


def url(server: EmbeddedPostgres, password: str = "secret") -> str:
    """The superuser's URL."""
    return f"postgresql://postgres:{password}@127.0.0.1:{server.port}/postgres"


def test_what_was_committed_survives_a_kill_of_the_server(server: EmbeddedPostgres) -> None:
    """After kill -9 of the postmaster, start() brings back every committed row."""
    server.start()
    with psycopg.connect(url(server), autocommit=True) as connection:
        connection.execute("create table kept (n int)")
        connection.execute("insert into kept values (1)")
    pid = server.postmaster_pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    for _ in range(100):
        if not server.is_running():
            break
        time.sleep(0.05)
    server.start()
    assert server.is_running()
    with psycopg.connect(url(server)) as connection:
        assert connection.execute("select n from kept").fetchall() == [(1,)]


def test_it_asks_for_a_password_and_loads_its_extensions(server: EmbeddedPostgres) -> None:
    """A wrong password is refused; pg_stat_statements is preloaded and pgvector is there."""
    server.start()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url(server, password="wrong"))
    with psycopg.connect(url(server), autocommit=True) as connection:
        assert connection.execute("show shared_preload_libraries").fetchone() == ("pg_stat_statements",)
        row = connection.execute("select count(*) from pg_available_extensions where name = 'vector'").fetchone()
        assert row == (1,)


def test_a_taken_port_names_the_setting(server: EmbeddedPostgres) -> None:
    """When another program listens on the port, the error says which setting moves ours."""
    with (
        socket.create_server(("127.0.0.1", server.port)),
        pytest.raises(EmbeddedPostgresError, match="JARVIS_DATABASE_PORT"),
    ):
        server.start()


def test_programs_out_of_reach_are_named(
    server: EmbeddedPostgres, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clone under a folder that only root may enter: the error says who cannot reach what, and what to do."""
    (tmp_path / "initdb").write_text("#!/bin/sh\n")
    monkeypatch.setattr(embedded, "_binaries", lambda: tmp_path)
    with pytest.raises(EmbeddedPostgresError, match=r"initdb where the user .* expected folders open to all"):
        server.start()


def test_a_second_start_on_the_same_data_keeps_the_server(server: EmbeddedPostgres) -> None:
    """start() on a running server changes nothing; on another port it says so."""
    server.start()
    pid = server.postmaster_pid
    server.start()
    assert server.postmaster_pid == pid
    with pytest.raises(EmbeddedPostgresError, match="already running on port"):
        replace(server, port=free_port()).start()
