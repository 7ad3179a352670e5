"""A gateway process of a benchmark's own, that may be killed and started again, and kiosks to load it."""

import asyncio
import hashlib
import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import orjson
import psycopg
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from jarvis.settings import Settings

REPOSITORY = Path(__file__).resolve().parents[2]
_START_SECONDS = 60.0
_SILENCE = "AAAA" * 320


class GatewayMissing(RuntimeError):
    """The gateway did not come up; its log says why."""


@dataclass
class Gateway:
    """One `python -m voice_gateway` after the other, on one port."""

    settings: Settings
    realtime_url: str
    log: Path
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Its HTTP address."""
        return f"http://127.0.0.1:{self.settings.gateway_port}"

    def start(self) -> None:
        """It serves."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("JARVIS_", "OPENAI_"))}
        environment = {
            "JARVIS_HOME": str(self.settings.home),
            "JARVIS_GATEWAY_PORT": str(self.settings.gateway_port),
            "JARVIS_REALTIME_URL": self.realtime_url,
            "JARVIS_DATABASE_URL_GATEWAY": self.settings.database_url_for("gateway"),
        }
        with self.log.open("ab") as stream:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "voice_gateway"], env={**inherited, **environment}, cwd=REPOSITORY,
                stdout=stream, stderr=subprocess.STDOUT,
            )  # fmt: skip
        deadline = time.monotonic() + _START_SECONDS
        while not self._is_ready():
            if time.monotonic() > deadline or self.process.poll() is not None:
                raise GatewayMissing(f"found no gateway at {self.url}, expected one: read {self.log}")
            time.sleep(0.02)

    def kill(self) -> None:
        """It is gone as if the power had failed."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(10)

    def stop(self) -> None:
        """It was asked to go, and has gone."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/readyz", timeout=2, trust_env=False).is_success
        except httpx.HTTPError:
            return False


@contextmanager
def gateway_of(settings: Settings, *, realtime_url: str, log: Path) -> Iterator[Gateway]:
    """A gateway that is not started yet, and is gone afterwards."""
    gateway = Gateway(settings, realtime_url, log)
    try:
        yield gateway
    finally:
        gateway.stop()


@dataclass(frozen=True)
class KioskLogin:
    """A kiosk of the network, a badge to show it, and the token it connects with."""

    kiosk_id: UUID
    badge_id: str
    token: str = field(repr=False)


def make_kiosks(connection: psycopg.Connection, count: int) -> list[KioskLogin]:
    """One gym with so many kiosks, each with a member of its own."""
    gym_id = uuid4()
    connection.execute("insert into gyms (id, slug, name) values (%s, 'charge', 'Charge')", [gym_id])
    logins = []
    for number in range(count):
        login = KioskLogin(uuid4(), f"B-{number}", secrets.token_urlsafe(32))
        connection.execute(
            "insert into kiosks (id, gym_id, slug, name) values (%s, %s, %s, %s)",
            [login.kiosk_id, gym_id, f"borne-{number}", f"Borne {number}"],
        )
        connection.execute(
            "insert into kiosk_credentials (gym_id, kiosk_id, kind, secret_hash) values (%s, %s, 'token', %s)",
            [gym_id, login.kiosk_id, hashlib.sha256(login.token.encode()).digest()],
        )
        connection.execute(
            "insert into gym_members_v2 (gym_id, badge_id, first_name) values (%s, %s, 'Léa')", [gym_id, login.badge_id]
        )
        logins.append(login)
    return logins


@dataclass(frozen=True, slots=True)
class Seen:
    """One frame that the gateway let a kiosk have."""

    event: dict[str, object]
    at: float
    """Monotonic seconds."""


@dataclass
class Heard:
    """What one kiosk saw of one session."""

    session_id: str
    frames: list[Seen] = field(default_factory=list)


async def keep_talking(
    gateway: Gateway, login: KioskLogin, rng: random.Random, *, in_talk: asyncio.Event | None = None
) -> Heard | None:
    """What a kiosk saw that badges, then types and speaks until its connection ends; None without a session.

    Args:
        in_talk: set once it has had its first answer.
    """
    heard: Heard | None = None
    is_answered = asyncio.Event()
    url = f"{gateway.url.replace('http', 'ws')}/v1/realtime?kiosk=1"
    headers = {"Authorization": f"Bearer {login.token}"}
    try:
        async with connect(
            url, additional_headers=headers, compression=None, proxy=None, max_size=None, close_timeout=0.1
        ) as socket:
            await socket.send(orjson.dumps({"type": "kiosk.badge.scanned", "uid": login.badge_id}).decode())
            async for frame in socket:
                event = orjson.loads(frame)
                if event["type"] == "kiosk.notice" and event["needs_answer"]:
                    await socket.send(orjson.dumps({"type": "kiosk.consent", "analysis": True}).decode())
                if event["type"] == "kiosk.ready":
                    heard = Heard(event["session_id"])
                    break
            assert heard is not None
            talking = asyncio.create_task(_talk(socket, is_answered, rng))
            try:
                async for frame in socket:
                    event = orjson.loads(frame)
                    heard.frames.append(Seen(event, time.monotonic()))
                    metadata = event.get("response", {}).get("metadata") or {}
                    if event["type"] == "response.done" and "jarvis_continues" not in metadata:
                        is_answered.set()
                        if in_talk is not None:
                            in_talk.set()
            finally:
                talking.cancel()
                await asyncio.gather(talking, return_exceptions=True)
    except (ConnectionClosed, InvalidHandshake, OSError):
        return heard
    return heard


async def _talk(socket: object, is_answered: asyncio.Event, rng: random.Random) -> None:
    async def send(**event: object) -> None:
        await socket.send(orjson.dumps(event).decode())  # type: ignore[attr-defined]

    turn = 0
    while True:
        turn += 1
        is_answered.clear()
        if rng.random() < 0.5:
            part = {"type": "input_text", "text": f"phrase {turn}"}
            await send(type="conversation.item.create", item={"type": "message", "role": "user", "content": [part]})
            await send(type="response.create")
        else:
            for _ in range(5):
                await send(type="input_audio_buffer.append", audio=_SILENCE)
            await send(type="input_audio_buffer.commit")
        await is_answered.wait()
        await asyncio.sleep(rng.uniform(0, 0.02))
