"""The gateway's server stops in order, whatever its kiosks are doing at that moment."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from jarvis.settings import load_settings
from voice_gateway.__main__ import GatewayServer, server_config


class ClosableTransport(asyncio.Transport):
    """A peer that is there until it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.is_closed = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 1) if name in ("sockname", "peername") else default

    def close(self) -> None:
        self.is_closed = True


@pytest.mark.parametrize(
    ("public_url", "forwarded", "seen"),
    [
        ("", "203.0.113.7", "127.0.0.1"),
        ("https://voix.example", "203.0.113.7", "203.0.113.7"),
        ("https://voix.example", "198.51.100.9, 203.0.113.7", "203.0.113.7"),
        ("https://voix.example", None, "127.0.0.1"),
    ],
    ids=["no proxy is known", "behind ours", "the caller made one up", "our proxy names nobody"],
)
@pytest.mark.parametrize("kind", ["http", "websocket"])
def test_callers_behind_our_proxy_have_their_own_address(
    tmp_path: Path, kind: str, public_url: str, forwarded: str | None, seen: str
) -> None:
    """Else one who guesses passwords or codes closes the door for everybody; without a proxy nobody is believed."""
    found: list[str] = []

    async def app(scope: dict[str, Any], receive: object, send: object) -> None:
        found.append(scope["client"][0])

    config = server_config(load_settings({"JARVIS_HOME": str(tmp_path), "JARVIS_GATEWAY_URL": public_url}), app)
    config.load()
    headers = [] if forwarded is None else [(b"x-forwarded-for", forwarded.encode())]
    asyncio.run(config.loaded_app({"type": kind, "client": ("127.0.0.1", 5), "headers": headers}, None, None))
    assert found == [seen]


def test_a_kiosk_in_the_middle_of_its_goodbye_does_not_break_the_stop() -> None:
    """Its socket is closed, and the application still gets its own ending."""
    ended = []

    async def stop() -> ClosableTransport:
        app = FastAPI()
        app.state.connections = set()
        config = uvicorn.Config(app, ws="websockets-sansio", log_config=None)
        config.load()
        server = GatewayServer(config)
        server.lifespan = config.lifespan_class(config)
        server.servers = []
        server.lifespan.shutdown = lambda: asyncio.sleep(0, ended.append("lifespan"))  # type: ignore[method-assign]
        connection = WebSocketsSansIOProtocol(config, server.server_state, {})
        transport = ClosableTransport()
        connection.connection_made(transport)
        connection.handshake_complete = True
        connection.conn.state = State.CLOSING
        asyncio.get_running_loop().call_later(0.2, server.server_state.connections.clear)
        await server.shutdown()
        return transport

    assert asyncio.run(stop()).is_closed
    assert ended == ["lifespan"]
