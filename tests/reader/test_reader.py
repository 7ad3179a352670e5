"""The card reader through a real pcscd and a virtual reader."""

import queue
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.reader.virtual_card import VPCD_PORT, VirtualCard
from tests.support.gateway_processes import wait_until
from voice_gateway.kiosk.reader import read_badges

pytestmark = pytest.mark.reader


def _pcscd(*arguments: str) -> subprocess.Popen[bytes]:
    program = shutil.which("pcscd") or "/usr/sbin/pcscd"
    return subprocess.Popen([program, "--foreground", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def start_pcscd_without_reader(empty: Path) -> subprocess.Popen[bytes]:
    """A pcscd of ours that knows no reader."""
    process = _pcscd("--config", str(empty))
    wait_until(_answers, seconds=20, what="pcscd")
    return process


def _answers() -> bool:
    from smartcard import scard

    code, context = scard.SCardEstablishContext(scard.SCARD_SCOPE_SYSTEM)
    if code == scard.SCARD_S_SUCCESS:
        scard.SCardReleaseContext(context)
    return bool(code == scard.SCARD_S_SUCCESS)


def start_pcscd() -> subprocess.Popen[bytes]:
    """A pcscd of ours whose virtual reader accepts cards."""
    process = _pcscd()
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", VPCD_PORT), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return process
    process.kill()
    raise AssertionError("pcscd opened no virtual reader within 20 s")


@pytest.fixture
def pcscd() -> Iterator[list[subprocess.Popen[bytes]]]:
    """The running pcscd, in a list so that a test may put another one in its place."""
    running = [start_pcscd()]
    yield running
    for process in running:
        process.terminate()
        process.wait(10)


@pytest.fixture
def badges() -> Iterator["queue.Queue[str]"]:
    """Badges as the reader of a kiosk yields them, in the order they were presented."""
    seen: queue.Queue[str] = queue.Queue()
    stop = threading.Event()
    thread = threading.Thread(
        target=lambda: [seen.put(uid) for uid in read_badges(should_stop=stop.is_set)], daemon=True
    )
    thread.start()
    yield seen
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


def test_a_presented_badge_is_read_once(pcscd: list[subprocess.Popen[bytes]], badges: "queue.Queue[str]") -> None:
    """A badge held to the reader gives its identifier once, and again when it comes back."""
    with VirtualCard("04A1B2C3D4E5F6"):
        assert badges.get(timeout=10) == "04A1B2C3D4E5F6"
        with pytest.raises(queue.Empty):
            badges.get(timeout=1)
    time.sleep(0.6)  # The reader has to see it leave: longer than two polls.
    with VirtualCard("04A1B2C3D4E5F6"):
        assert badges.get(timeout=10) == "04A1B2C3D4E5F6"


def test_the_reader_survives_a_restart_of_pcscd(
    pcscd: list[subprocess.Popen[bytes]], badges: "queue.Queue[str]"
) -> None:
    """After pcscd was killed and started again, the next badge is read within five seconds."""
    with VirtualCard("0411111111"):
        assert badges.get(timeout=10) == "0411111111"
    pcscd[0].kill()
    pcscd[0].wait(10)
    pcscd[0] = start_pcscd()
    with VirtualCard("0422222222"):
        assert badges.get(timeout=5) == "0422222222"


def test_an_unplugged_reader_is_waited_for(
    pcscd: list[subprocess.Popen[bytes]], badges: "queue.Queue[str]", tmp_path: Path
) -> None:
    """The reader goes and comes back: in between nothing is read and nothing breaks, then badges are read again.

    pcscd keeps a virtual reader for as long as it runs, so it is one without readers that takes its place.
    """
    with VirtualCard("0411111111"):
        assert badges.get(timeout=10) == "0411111111"
    for start in (lambda: start_pcscd_without_reader(tmp_path), start_pcscd):
        pcscd[0].terminate()
        pcscd[0].wait(10)
        pcscd[0] = start()
        with pytest.raises(queue.Empty):
            badges.get(timeout=1)
    with VirtualCard("0422222222"):
        assert badges.get(timeout=5) == "0422222222"
