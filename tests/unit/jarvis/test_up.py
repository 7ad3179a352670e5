"""What the supervisor hands its children, and what it does when the database itself cannot come back."""

import sys
import threading
from pathlib import Path
from typing import cast

import pytest

from jarvis.processes import Process
from jarvis.settings import load_settings
from jarvis.up import Supervisor, UpError, _one_at_a_time, is_running
from warehouse.embedded import EmbeddedPostgres, EmbeddedPostgresError

SAYS_ITS_KEY = "from jarvis.settings import load_settings; print(load_settings().key_for('second factors').hex())"


def test_children_know_the_key_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the supervisor has sealed under JARVIS_SECRET_KEY its doors can open: none makes a key of its own."""
    monkeypatch.setenv("JARVIS_SECRET_KEY", "k" * 64)
    monkeypatch.setenv("JARVIS_HOME", str(tmp_path))
    supervisor = Supervisor(tmp_path / "logs", threading.Event())
    supervisor.start(Process(name="door", argv=(sys.executable, "-c", SAYS_ITS_KEY)))
    try:
        for child in supervisor._children:
            child.popen.wait(30)
    finally:
        supervisor.stop()
    assert (tmp_path / "logs" / "door.log").read_text().strip() == load_settings().key_for("second factors").hex()
    assert not (tmp_path / "secret_key").exists()


def test_a_child_elsewhere_has_the_settings_of_our_dotenv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a process runs in another folder `.env` still counts for it, and the environment over `.env`."""
    (tmp_path / "here").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "here" / ".env").write_text("JARVIS_DAGSTER_PORT=3999\nJARVIS_GATEWAY_PORT=8999\n")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setenv("JARVIS_GATEWAY_PORT", "8111")
    monkeypatch.setenv("JARVIS_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("JARVIS_DAGSTER_PORT", raising=False)
    says = "import os; print(os.getcwd(), os.environ['JARVIS_DAGSTER_PORT'], os.environ['JARVIS_GATEWAY_PORT'])"
    supervisor = Supervisor(tmp_path / "logs", threading.Event())
    supervisor.start(Process(name="door", argv=(sys.executable, "-c", says), folder=tmp_path / "elsewhere"))
    try:
        for child in supervisor._children:
            child.popen.wait(30)
    finally:
        supervisor.stop()
    assert (tmp_path / "logs" / "door.log").read_text().split() == [str(tmp_path / "elsewhere"), "3999", "8111"]


def test_a_home_says_whether_a_jarvis_runs_on_it(tmp_path: Path) -> None:
    """`jarvis doctor` takes busy ports for a fault only where they are not our own."""
    assert not is_running(tmp_path)
    with _one_at_a_time(tmp_path):
        assert is_running(tmp_path)
    assert not is_running(tmp_path)


def test_a_database_that_does_not_come_back_ends_the_watch(tmp_path: Path) -> None:
    """As a process that keeps ending does, so that the operators are told of it in the same letter."""

    class Broken:
        def is_running(self) -> bool:
            return False

        def start(self) -> None:
            raise EmbeddedPostgresError("the embedded Postgres did not start")

    with pytest.raises(UpError, match="did not start"):
        Supervisor(tmp_path, threading.Event()).watch(cast(EmbeddedPostgres, Broken()))
