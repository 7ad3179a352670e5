"""The kiosk's agent against a real gateway: badges through outages and lost answers, renewals, a process of its own."""

import asyncio
import os
import queue
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from jarvis.kiosks import Holder
from tests.conftest import REPOSITORY, Database
from tests.support.gateway_processes import GatewayProcess, wait_until
from voice_gateway.kiosk.agent import Agent, GatewayAway
from voice_gateway.kiosk.commands import configure, create_code
from voice_gateway.kiosk.spool import Spool
from voice_gateway.kiosk.token_file import KeptToken, TokenFile

pytestmark = pytest.mark.one_gateway


@dataclass
class Line(httpx.AsyncBaseTransport):
    """The network between agent and gateway, which fails as a test says."""

    is_cut: bool = False
    loses_answers: bool = False
    asked: list[str] = field(default_factory=list)
    inner: httpx.AsyncHTTPTransport = field(default_factory=httpx.AsyncHTTPTransport)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, unless the request or the answer gets lost."""
        self.asked.append(request.url.path)
        if self.is_cut:
            raise httpx.ConnectError("cut")
        answer = await self.inner.handle_async_request(request)
        if self.loses_answers:
            await answer.aclose()
            raise httpx.ReadError("lost")
        return answer

    async def aclose(self) -> None:
        """The network is put away with the client."""
        await self.inner.aclose()


class Reader:
    """A card reader that a test holds badges to."""

    def __init__(self) -> None:
        self.badges: queue.Queue[str] = queue.Queue()

    def __call__(self, *, should_stop: Callable[[], bool], on_state: Callable[[bool], None]) -> Iterator[str]:
        """Yields what was held to it."""
        on_state(True)
        while not should_stop():
            try:
                yield self.badges.get(timeout=0.05)
            except queue.Empty:
                continue


@dataclass
class Kiosk:
    """An agent's home, its reader and its line."""

    home: Path
    gateway: GatewayProcess
    token: str
    line: Line = field(default_factory=Line)
    reader: Reader = field(default_factory=Reader)

    @property
    def token_file(self) -> TokenFile:
        return TokenFile(self.home / "token.json")

    async def live(self, until: Callable[[], Any]) -> None:
        """The agent runs until something is true, and is stopped in good order."""
        spool = Spool(self.home / "badges.ndjson")
        agent = Agent(
            self.gateway.url,
            spool=spool,
            token_file=self.token_file,
            read_badges=self.reader,
            transport=self.line,
        )
        running = asyncio.create_task(agent.run())
        try:
            await asyncio.to_thread(wait_until, until, seconds=15, what="what the agent was to do")
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
            spool.close()


@pytest.fixture
def kiosk(tmp_path: Path, gateway: GatewayProcess, token: str) -> Kiosk:
    """A provisioned agent that has not been started."""
    kiosk = Kiosk(tmp_path / "kiosk", gateway, token)
    kiosk.token_file.write(KeptToken(token, datetime.now(UTC)))
    return kiosk


def visits(database: Database) -> list[datetime]:
    """When the member came."""
    with database.admin() as admin:
        return [row[0] for row in admin.execute("select visited_at from member_visits order by visited_at")]


def test_a_badge_counts_at_its_own_time_whatever_was_down(database: Database, kiosk: Kiosk) -> None:
    """Held to the reader while the line is cut, sent by the next process after a lost answer: one visit each."""

    def is_spooled() -> bool:
        path = kiosk.home / "badges.ndjson"
        return path.exists() and path.read_bytes().count(b'"uid"') == 2

    kiosk.line.is_cut = True
    for _ in range(2):
        kiosk.reader.badges.put("B-LEA")
    began = datetime.now(UTC)
    asyncio.run(kiosk.live(is_spooled))
    ended = datetime.now(UTC)
    assert visits(database) == []

    kiosk.line = Line(loses_answers=True)
    asyncio.run(kiosk.live(lambda: kiosk.line.asked.count("/api/kiosk/badges") > 1))
    assert is_spooled(), "without an answer nothing counts as sent"

    kiosk.line = Line()
    asyncio.run(kiosk.live(lambda: (kiosk.home / "badges.ndjson").read_bytes() == b""))
    seen = visits(database)
    assert len(seen) == 2
    assert all(began <= visited_at <= ended for visited_at in seen)
    with database.admin() as admin:
        assert admin.execute("select count(*) from kiosk_badges where badge_id is not null").fetchone() == (0,)


def test_a_kiosk_says_how_it_is_and_hears_how_to_be(database: Database, kiosk: Kiosk) -> None:
    """A heartbeat with version and reader; the configuration is read once it is known to have changed."""
    configure(database.settings, gym="dax", assignments=["software_version=9.9.9"])

    def has_told() -> Any:
        with database.admin() as admin:
            return admin.execute("select software_version, details from kiosk_heartbeats").fetchall()

    asyncio.run(kiosk.live(lambda: "/api/kiosk/config" in kiosk.line.asked and has_told()))
    version, details = has_told()[0]
    assert version
    assert details == {"from": "agent", "spooled_count": 0, "wanted_version": None}
    with database.admin() as admin:
        assert admin.execute("select status from kiosks").fetchone() == ("online",)


def test_a_token_is_renewed_and_an_answer_that_got_lost_is_survived(kiosk: Kiosk) -> None:
    """Not before its time; the new one is taken at once; with its answer lost the old one goes on."""

    async def renew(line: Line, older_than: timedelta) -> bool:
        spool = Spool(kiosk.home / "badges.ndjson")
        try:
            agent = Agent(kiosk.gateway.url, spool=spool, token_file=kiosk.token_file, read_badges=None, transport=line)
            return await agent.renew_token(older_than=older_than)
        finally:
            spool.close()

    def opens(token: str) -> bool:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.get(f"{kiosk.gateway.url}/api/kiosk/config", headers=headers, trust_env=False).is_success

    assert not asyncio.run(renew(Line(), timedelta(days=7)))
    with pytest.raises(GatewayAway):
        asyncio.run(renew(Line(loses_answers=True), timedelta(0)))
    assert kiosk.token_file.read().token == kiosk.token
    assert asyncio.run(renew(Line(), timedelta(0)))
    kept = kiosk.token_file.read()
    assert (kept.token != kiosk.token, kept.previous) == (True, None)
    assert (opens(kept.token), opens(kiosk.token)) == (True, False)
    # A renewed token that lapsed before anybody used it.
    kiosk.token_file.renew("jk_lapsed")
    asyncio.run(
        kiosk.live(lambda: kiosk.token_file.read() == KeptToken(kept.token, kiosk.token_file.read().obtained_at))
    )


def test_the_agent_is_a_process_that_is_provisioned_and_stopped(
    database: Database, gateway: GatewayProcess, token: str, tmp_path: Path
) -> None:
    """`python -m voice_gateway.kiosk --code …` beside the page; SIGTERM ends it with 0; without a code it says so."""
    code = create_code(database.settings, "dax", "Borne Entrée", holder=Holder.AGENT)["code"]
    home = tmp_path / "agent"
    argv = [
        sys.executable, "-m", "voice_gateway.kiosk", "--gateway", gateway.url, "--home", str(home), "--no-reader",
    ]  # fmt: skip
    refused = subprocess.run(argv, capture_output=True, text=True, timeout=30, cwd=REPOSITORY, check=False)
    assert refused.returncode == 1
    assert "expected this kiosk provisioned" in refused.stderr and "Traceback" not in refused.stderr

    log = tmp_path / "agent.log"
    with log.open("wb") as stream:
        process = subprocess.Popen([*argv, "--code", code], stdout=stream, stderr=stream, cwd=REPOSITORY)

    def is_online() -> bool:
        assert process.poll() is None, log.read_text()
        with database.admin() as admin:
            row = admin.execute("select status, device_id from kiosks").fetchone()
        return row is not None and row[0] == "online"

    try:
        wait_until(is_online, seconds=20, what="the agent's heartbeat")
    finally:
        os.kill(process.pid, signal.SIGTERM)
        assert process.wait(10) == 0
    assert (home / "token.json").stat().st_mode & 0o777 == 0o600
    assert TokenFile(home / "token.json").read().token not in log.read_text()
    headers = {"Authorization": f"Bearer {token}"}
    assert httpx.get(f"{gateway.url}/api/kiosk/config", headers=headers, trust_env=False).is_success, "the page's own"
