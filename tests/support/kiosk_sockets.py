"""A kiosk's websocket as it comes: opened with a token, read to an event or to its end."""

import asyncio
import json
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.support.gateway_processes import GatewayProcess

_PATIENCE_SECONDS = 20.0


def kiosk_socket(gateway: GatewayProcess, token: str, path: str = "/v1/realtime?kiosk=1") -> Any:
    """An open kiosk connection."""
    headers = {"Authorization": f"Bearer {token}"}
    return connect(gateway.url.replace("http", "ws") + path, additional_headers=headers, proxy=None)


async def until(socket: ClientConnection, kind: str) -> dict[str, Any]:
    """The next event of this type."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while True:
            event: dict[str, Any] = json.loads(await socket.recv())
            if event["type"] == kind:
                return event


async def last_words(socket: ClientConnection) -> tuple[list[dict[str, Any]], int, str]:
    """What the kiosk was told until its connection was closed, with the close's code and reason."""
    told = []
    async with asyncio.timeout(_PATIENCE_SECONDS):
        try:
            while True:
                told.append(json.loads(await socket.recv()))
        except ConnectionClosed as closed:
            assert closed.rcvd is not None
            return told, closed.rcvd.code, closed.rcvd.reason
