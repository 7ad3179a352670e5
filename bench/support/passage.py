"""A gateway between kiosks of a benchmark's own and an upstream that only keeps time, and what passes through it.

Every process is the benchmark's own, on free ports of the loopback, and ends with it.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psycopg

from bench.support.frames import Peer, connect, text_frame
from bench.support.gateway import REPOSITORY, gateway_of, make_kiosks
from bench.support.pacer import Ticker, seconds_since, sound_frame
from bench.support.processor import cpu_seconds
from jarvis.settings import Settings
from warehouse.embedded import free_port

REALTIME = "/v1/realtime"
_START_SECONDS = 40
_OPEN_SECONDS = 60
_AT_ONCE = 10
_TRIES = 5


class BenchError(RuntimeError):
    """A process of the benchmark, or a connection of it, did not come up."""


@dataclass(frozen=True, slots=True)
class Doors:
    """Where the two ways to the same upstream begin."""

    gateway_port: int
    gateway_pid: int
    pacer_port: int
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """What lets a kiosk in."""
        return {"Authorization": f"Bearer {self.token}"}


def make_token(settings: Settings) -> str:
    """The token of a kiosk that every connection of the benchmark comes from."""
    with psycopg.connect(settings.administration_url, autocommit=True) as admin:
        return make_kiosks(admin, 1)[0].token


@contextmanager
def open_doors(settings: Settings, token: str) -> Iterator[Doors]:
    """The pacer runs, and a gateway in front of it."""
    pacer_port, log = free_port(), settings.home / "gateway.log"
    settings = replace(settings, gateway_port=free_port())
    url = f"ws://127.0.0.1:{pacer_port}{REALTIME}"
    with _running_pacer(pacer_port, log), gateway_of(settings, realtime_url=url, log=log) as gateway:
        gateway.start()
        assert gateway.process is not None
        yield Doors(settings.gateway_port, gateway.process.pid, pacer_port, token)


class Kiosk(Peer):
    """A microphone and a loudspeaker that know how old each frame of theirs is."""

    _next_frame = staticmethod(sound_frame("input_audio_buffer.append", "audio", is_masked=True))

    def __init__(self, latencies: list[float]) -> None:
        super().__init__(is_client=True)
        self.is_ready = False
        self.settled = asyncio.Event()
        """It may speak, or was not let in."""
        self._latencies = latencies
        self._ticker: Ticker | None = None

    def speak(self, *, phase: float) -> None:
        """A frame every 100 ms from now on."""
        self._ticker = Ticker(lambda: self.send(self._next_frame()), phase=phase)

    def stop(self) -> None:
        """Silence, and the connection is closed."""
        if self._ticker is not None:
            self._ticker.stop()
        if self.transport is not None:
            self.transport.close()

    def on_text(self, head: bytes, whole: Callable[[], bytes]) -> None:
        """A frame of sound is timed; the first event says that the upstream is there."""
        age = seconds_since(head)
        if age is not None:
            self._latencies.append(age)
        elif b"session.created" in head:
            self.is_ready = True
            self.settled.set()

    def on_lost(self) -> None:
        """It falls silent."""
        self.is_ready = False
        self.settled.set()
        if self._ticker is not None:
            self._ticker.stop()


@dataclass(frozen=True, slots=True)
class Passage:
    """The latencies of one way to the upstream, in seconds."""

    up: Sequence[float]
    down: Sequence[float]
    lost: int
    """Sessions that were gone before the end."""
    cpu: float
    """Cores that the gateway kept busy."""


async def talk(doors: Doors, *, port: int, sessions: int, seconds: float, warm_up_seconds: float) -> Passage:
    """So many sessions have talked through that port for so long, after a while that does not count."""
    down: list[float] = []
    gate = asyncio.Semaphore(_AT_ONCE)
    kiosks: list[Kiosk] = []
    try:
        kiosks += await asyncio.gather(*(_opened(doors, port, down, gate) for _ in range(sessions)))
        for number, kiosk in enumerate(kiosks):
            kiosk.speak(phase=number / sessions)
        await asyncio.sleep(warm_up_seconds)
        await _report(doors.pacer_port)
        down.clear()
        busy, began = cpu_seconds(doors.gateway_pid), time.monotonic()
        await asyncio.sleep(seconds)
        measured_down = list(down)
        cpu = (cpu_seconds(doors.gateway_pid) - busy) / (time.monotonic() - began)
        up = await _report(doors.pacer_port)
        return Passage(up, measured_down, sum(not kiosk.is_ready for kiosk in kiosks), cpu)
    finally:
        for kiosk in kiosks:
            kiosk.stop()
        # The gateway closes what was open, which would weigh on whatever is measured next.
        await asyncio.sleep(min(3.0, 0.5 + sessions / 200))


def rss_mb(pid: int) -> float:
    """Resident memory of the process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000


class _Asker(Peer):
    def __init__(self) -> None:
        super().__init__(is_client=True)
        self.answer: asyncio.Future[list[float]] = asyncio.get_running_loop().create_future()

    def on_open(self) -> None:
        self.send(text_frame(b"{}", is_masked=True))

    def on_text(self, head: bytes, whole: Callable[[], bytes]) -> None:
        if b"session.created" not in head and not self.answer.done():
            self.answer.set_result(json.loads(whole()))


async def _report(port: int) -> list[float]:
    asker = _Asker()
    await connect(port, "/report", asker)
    answer = await asyncio.wait_for(asker.answer, 30)
    assert asker.transport is not None
    asker.transport.close()
    return answer


async def _opened(doors: Doors, port: int, latencies: list[float], gate: asyncio.Semaphore) -> Kiosk:
    """A session that is open; a refusal is tried again, as a kiosk does when the gateway is busy."""
    for _ in range(_TRIES):
        kiosk = Kiosk(latencies)
        async with gate:
            await connect(port, REALTIME, kiosk, headers=doors.headers)
            await asyncio.wait_for(kiosk.settled.wait(), _OPEN_SECONDS)
        if kiosk.is_ready:
            return kiosk
    raise BenchError(f"found a session refused {_TRIES} times on port {port}, expected it open")


@contextmanager
def _running_pacer(port: int, log: Path) -> Iterator[None]:
    argv = [sys.executable, "-m", "bench.support.pacer", "--port", str(port)]
    with log.open("ab") as stream:
        process = subprocess.Popen(argv, cwd=REPOSITORY, stdout=stream, stderr=stream)
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not _accepts(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise BenchError(f"found no pacer on port {port}, expected one: read {log}")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(10)


def _accepts(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
