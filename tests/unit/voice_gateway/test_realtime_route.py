"""A kiosk's socket at the door, where something of ours breaks."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from fastapi import WebSocket

from tests.unit.voice_gateway.test_relay import KIOSK, Door
from voice_gateway.connection import KioskConnection
from voice_gateway.routes import realtime

WORDS = "Je m'appelle Léa et j'ai mal au dos"


class Socket:
    """A websocket with one frame to give."""

    def __init__(self, services: object) -> None:
        state = SimpleNamespace(
            services=services,
            is_draining=False,
            connections=set(),
            devices=SimpleNamespace(enter=self.enter, leave=lambda guest: None),
        )
        self.app = SimpleNamespace(state=state)
        self.scope: dict[str, Any] = {"subprotocols": []}
        self.query_params = {"kiosk": "1"}
        self.headers: dict[str, str] = {}
        self.closed: list[tuple[int, str]] = []

    async def enter(self, guest: object) -> None:
        """Nothing is known of it."""

    async def accept(self, subprotocol: str | None) -> None:
        """Taken."""

    async def receive(self) -> dict[str, str]:
        return {"type": "websocket.receive", "text": WORDS}

    async def send_text(self, text: str) -> None:
        """Taken."""

    async def close(self, code: int, reason: str) -> None:
        self.closed.append((code, reason))


def test_what_breaks_over_a_frame_is_named_and_not_quoted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The socket closes as an internal error; the log has type and place, and nothing of the frame."""

    async def breaks(connection: KioskConnection, frame: str) -> None:
        raise LookupError(frame)

    async def known(*_: object, **__: object) -> Any:
        return KIOSK

    @asynccontextmanager
    async def connection() -> AsyncIterator[None]:
        yield None

    async def scenario() -> Socket:
        services = Door(tmp_path).connection._services
        object.__setattr__(services, "pool", SimpleNamespace(connection=connection))
        socket = Socket(services)
        await realtime.serve(cast(WebSocket, socket), "token")
        return socket

    monkeypatch.setattr(KioskConnection, "frame", breaks)
    monkeypatch.setattr(realtime, "is_own_origin", lambda socket: True)
    monkeypatch.setattr(realtime, "device_token_hash", known)
    monkeypatch.setattr(realtime, "kiosk_of_token", known)
    with caplog.at_level(logging.ERROR):
        socket = asyncio.run(scenario())
    assert socket.closed == [(1011, "internal_error")]
    assert not socket.app.state.connections
    (record,) = [record for record in caplog.records if record.name == realtime.log.name]
    assert (record.__dict__["error"], record.exc_info) == ("LookupError", None)
    assert "test_realtime_route.py:" in record.__dict__["place"]
    assert WORDS not in str([record.__dict__ for record in caplog.records])
