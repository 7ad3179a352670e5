"""A wire between a gateway and its upstream that keeps what passes upstream, in order."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed


class UpstreamTap:
    """What the gateway sent upstream so far, over all its sessions."""

    def __init__(self) -> None:
        self.url = ""
        self.events: list[dict[str, Any]] = []

    @property
    def kinds(self) -> list[str]:
        """The types of those events."""
        return [str(event["type"]) for event in self.events]


@contextmanager
def tapped(standin_port: int) -> Iterator[UpstreamTap]:
    """A tap before the stand-in, whose `url` a gateway may use as its upstream."""
    tap = UpstreamTap()
    loop = asyncio.new_event_loop()
    started, stop = threading.Event(), asyncio.Event()

    async def pump(source: ServerConnection | ClientConnection, target: Any, *, is_kept: bool) -> None:
        try:
            async for frame in source:
                if is_kept:
                    tap.events.append(orjson.loads(frame))
                await target.send(frame)
        except ConnectionClosed:
            pass
        finally:
            await target.close()

    async def relay(gateway: ServerConnection) -> None:
        assert gateway.request is not None
        headers = {"X-Client-Request-Id": gateway.request.headers["X-Client-Request-Id"]}
        url = f"ws://127.0.0.1:{standin_port}{gateway.request.path}"
        async with connect(url, additional_headers=headers, compression=None, max_size=None, proxy=None) as standin:
            await asyncio.gather(pump(gateway, standin, is_kept=True), pump(standin, gateway, is_kept=False))

    async def run() -> None:
        async with serve(relay, "127.0.0.1", 0, compression=None, max_size=None) as server:
            tap.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/realtime"
            started.set()
            await stop.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(run(),))
    thread.start()
    try:
        assert started.wait(10)
        yield tap
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        loop.close()
