"""Ctrl-C stops all that `jarvis up` started, and a second start finds the same data."""

import signal
import subprocess
from pathlib import Path

from tests.acceptance.conftest import System


def descendants(pid: int) -> list[int]:
    """Process ids below one process, at any depth."""
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    children = [int(line) for line in found.stdout.split()]
    return [*children, *(below for child in children for below in descendants(child))]


def is_running(pid: int) -> bool:
    """True while the process lives; one that ended but was not reaped does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_ctrl_c_leaves_nothing_behind_and_a_second_start_finds_everything(system: System) -> None:
    """No process of ours is left after Ctrl-C; the second start seeds nothing and keeps every row."""
    count = "select count(*) as gyms, (select count(*) from gym_members_v2) as members from gyms"
    counted = system.rows(count)
    postmaster = int((system.settings.home / "postgres" / "postmaster.pid").read_text().splitlines()[0])
    ours = [*descendants(system.supervisor.pid), postmaster]
    assert len(ours) > 8
    system.supervisor.send_signal(signal.SIGINT)
    assert system.supervisor.wait(60) == 0
    assert [pid for pid in ours if is_running(pid)] == []
    assert not (system.settings.home / "postgres" / "postmaster.pid").exists()

    system.start_again()
    assert "simulating" not in system.output.read_text().rpartition("reaching the embedded")[2]
    assert system.rows(count) == counted
