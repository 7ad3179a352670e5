"""The wire itself: nothing is compressed, and a kiosk that froze is noticed."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from tests.conftest import Database
from tests.integration.test_gateway_faults import closed
from tests.support.gateway_processes import GatewayProcess, wait_until
from voice_gateway.upstream import _dial

pytestmark = pytest.mark.one_gateway


_FROZEN_KIOSK = """
import json, sys
from websockets.sync.client import connect
with connect(sys.argv[1], additional_headers={"Authorization": f"Bearer {sys.argv[2]}"}, proxy=None) as kiosk:
    kiosk.send(json.dumps({"type": "kiosk.session.start"}))
    for frame in kiosk:
        if json.loads(frame)["type"] in ("kiosk.ready", "kiosk.upstream"):
            print(json.loads(frame)["session_id"], flush=True)
"""


def test_no_leg_is_compressed(gateway: GatewayProcess, token: str) -> None:
    """The gateway refuses the extension that clients offer, and offers none itself: sound does not shrink."""

    async def offered_by_the_client() -> str | None:
        url = gateway.url.replace("http", "ws") + "/v1/realtime"
        headers = {"Authorization": f"Bearer {token}"}
        async with connect(url, additional_headers=headers, compression="deflate", proxy=None) as socket:
            assert socket.request is not None and socket.response is not None
            assert "permessage-deflate" in socket.request.headers["Sec-WebSocket-Extensions"]
            return socket.response.headers.get("Sec-WebSocket-Extensions")

    async def offered_by_us() -> str | None:
        asked: list[str | None] = []

        async def note(socket: ServerConnection) -> None:
            assert socket.request is not None
            asked.append(socket.request.headers.get("Sec-WebSocket-Extensions"))

        async with serve(note, "127.0.0.1", 0) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            upstream = await _dial(f"ws://127.0.0.1:{port}/v1/realtime", {}, ping_seconds=10)
            await upstream.close()
        return asked[0]

    assert asyncio.run(offered_by_the_client()) is None
    assert asyncio.run(offered_by_us()) is None


def test_a_kiosk_that_froze_is_noticed(database: Database, gateway: GatewayProcess, token: str, tmp_path: Path) -> None:
    """Its process stops and its socket stays: within ten seconds of pings nobody answered, the session is closed."""
    url = gateway.url.replace("http", "ws") + "/v1/realtime?kiosk=1"
    kiosk = subprocess.Popen([sys.executable, "-c", _FROZEN_KIOSK, url, token], stdout=subprocess.PIPE, text=True)
    try:
        assert kiosk.stdout
        session_id = kiosk.stdout.readline().strip()
        os.kill(kiosk.pid, signal.SIGSTOP)
        # Ping and answer have five seconds each; the rest is the close itself.
        session = wait_until(lambda: closed(database, session_id), seconds=14, what="the close")[0]
    finally:
        kiosk.kill()
        kiosk.communicate(timeout=10)
    assert session["close_reason"] == "kiosk_lost"
