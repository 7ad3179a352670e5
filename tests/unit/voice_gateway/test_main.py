"""The gateway's server stops in order, whatever its kiosks are doing at that moment."""

import asyncio
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from voice_gateway.__main__ import GatewayServer


class ClosableTransport(asyncio.Transport):
    """A peer that is there until it is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.is_closed = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return ("127.0.0.1", 1) if name in ("sockname", "peername") else default

    def close(self) -> None:
        self.is_closed = True


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
