"""`python -m voice_gateway`: serves kiosks until it is told to stop, and closes every session before it goes."""

import gc
import signal
import socket
import sys
from collections.abc import Callable
from typing import Any

import uvicorn
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from jarvis.logs import log_as_json_lines
from jarvis.settings import Settings, SettingsError, load_settings
from voice_gateway.app import create_app, drain

# The Realtime protocol allows 15 MiB; ours answers frames above 1 MiB with an error, and drops those above this.
_MAX_FRAME_BYTES = 4 * 1024 * 1024
_COLLECT_AFTER = 20_000


class GatewayServer(uvicorn.Server):
    """Tells kiosks that the session is over before uvicorn closes their sockets."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await drain(self.config.app)  # type: ignore[arg-type]  # ours is always the FastAPI application
        for connection in list(self.server_state.connections):
            if not isinstance(connection, WebSocketsSansIOProtocol):
                continue
            if connection.handshake_complete and connection.conn.state is not State.OPEN:
                # A kiosk that has just said goodbye: uvicorn would send it a second close frame, and end with
                # InvalidState instead of the lifespan's own ending.
                connection.close_sent = True
        await super().shutdown(sockets)


def spare_the_collector() -> None:
    """Pauses for cyclic garbage are rare and short: what was loaded so far is never looked at again.

    Each frame leaves some hundred objects that die by themselves; a full collection among half a million
    others stops every conversation for as long as a frame lasts.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_COLLECT_AFTER, 20, 50)


def server_config(settings: Settings, app: Callable[..., Any]) -> uvicorn.Config:
    """How the application is served.

    Tries and requests are counted by address, and anybody can write X-Forwarded-For: it is read only where
    JARVIS_GATEWAY_URL says that a proxy stands in front of us, from that proxy and no further back. Without it
    everybody behind the proxy would be one address, which the first who guesses passwords closes for all.
    """
    return uvicorn.Config(
        app,
        # The only implementation that notices a frozen peer in time.
        ws="websockets-sansio",
        ws_ping_interval=5,
        ws_ping_timeout=5,
        ws_max_size=_MAX_FRAME_BYTES,
        ws_per_message_deflate=False,
        proxy_headers=settings.gateway_url is not None,
        # We listen on the loopback alone: so does whoever speaks to us for others.
        forwarded_allow_ips="127.0.0.1",
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=10,
    )


def main() -> int:
    """Exit status 0 after an orderly stop, 1 when the gateway could not start."""
    log_as_json_lines()
    try:
        settings = load_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 1
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # A kiosk that reads slowly must be noticed after a second of speech, not after a minute of it.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 128 * 1024)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            # What a vanished or stuck kiosk has not taken is not kept for the quarter of an hour that is the default.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 10_000)
        try:
            listener.bind(("127.0.0.1", settings.gateway_port))
        except OSError:
            print(
                f"port {settings.gateway_port} is taken by another program: set JARVIS_GATEWAY_PORT to a free one",
                file=sys.stderr,
            )
            return 1
        config = server_config(settings, create_app(settings))
        # uvicorn raises the signal again once it has stopped, which would end an orderly stop as a killed process.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: None)
        spare_the_collector()
        GatewayServer(config).run(sockets=[listener])
    return 0


if __name__ == "__main__":
    sys.exit(main())
