"""Dials the Realtime upstream: OpenAI, or the stand-in where there is no key.

A connection is three verbs, so that tests and a later provider fit the same seam.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import UUID

from jarvis.settings import Settings
from voice_gateway.protocol.realtime import RECOVERABLE_CLOSES

_OPEN_SECONDS = 5
# OpenAI often ends without a CLOSE frame; waiting for one would take the library's 10 s.
_CLOSE_SECONDS = 1
_LOST_CODE = 1006
# Another try would get the same answer.
_FATAL_STATUSES = frozenset({400, 401, 403, 404})
_MAX_FRAME_BYTES = 16 * 1024 * 1024


class UpstreamUnavailable(RuntimeError):
    """The upstream could not be reached, refused us or went away; the message names its host, never the key."""

    def __init__(self, message: str, *, is_fatal: bool = False) -> None:
        super().__init__(message)
        self.is_fatal = is_fatal
        """True when another try would end the same way."""


class Upstream(Protocol):
    """One open upstream session."""

    async def send(self, text: str) -> None:
        """The frame is on its way."""

    def frames(self) -> AsyncIterator[str]:
        """Frames until the upstream goes away; raises `UpstreamUnavailable` where it said why."""

    async def close(self) -> None:
        """The connection is gone, within a second."""


DialUpstream = Callable[[UUID, str], Awaitable[Upstream]]
"""Session id and model to an open connection; raises `UpstreamUnavailable`."""


def dialler(settings: Settings, *, ping_seconds: float) -> DialUpstream:
    """How this gateway reaches its upstream: one try a call, the session decides on the next.

    Args:
        settings: where it is, and the key.
        ping_seconds: between two pings, and how long one may stay unanswered.
    """

    async def dial(session_id: UUID, model: str) -> Upstream:
        headers = {
            # Provider-side logs and the stand-in's scripts find the session by it.
            "X-Client-Request-Id": str(session_id),
        }
        if settings.openai_api_key:
            headers["Authorization"] = f"Bearer {settings.openai_api_key}"
        return await _dial(url_for(settings.realtime_url, model), headers, ping_seconds)

    return dial


def url_for(realtime_url: str, model: str) -> str:
    """The upstream's URL with the model named in it."""
    parts = urlsplit(realtime_url)
    query = dict(parse_qsl(parts.query)) | {"model": model}
    return urlunsplit(parts._replace(query=urlencode(query)))


async def is_reachable(settings: Settings) -> bool:
    """True when the upstream's port accepts a connection within two seconds."""
    parts = urlsplit(settings.realtime_url)
    port = parts.port or (443 if parts.scheme == "wss" else 80)
    try:
        async with asyncio.timeout(2):
            _, writer = await asyncio.open_connection(parts.hostname, port)
    except OSError:
        return False
    writer.close()
    return True


async def _dial(url: str, headers: dict[str, str], ping_seconds: float) -> Upstream:
    # Imported here: the code that only reads settings should not load a websocket library.
    from websockets.asyncio.client import connect
    from websockets.exceptions import InvalidHandshake, InvalidURI

    host = urlsplit(url).hostname or ""
    try:
        connection = await connect(
            url,
            additional_headers=headers,
            # Compressing base64 audio costs more latency than the bytes it saves.
            compression=None,
            open_timeout=_OPEN_SECONDS,
            close_timeout=_CLOSE_SECONDS,
            ping_interval=ping_seconds,
            ping_timeout=ping_seconds,
            max_size=_MAX_FRAME_BYTES,
            proxy=None if host in ("127.0.0.1", "localhost", "::1") else True,
        )
    except (OSError, TimeoutError, InvalidHandshake) as error:
        status = getattr(getattr(error, "response", None), "status_code", None)
        if status is not None:
            message = f"the upstream {host} refused the connection with status {status}"
            raise UpstreamUnavailable(message, is_fatal=status in _FATAL_STATUSES) from None
        raise UpstreamUnavailable(f"the upstream {host} did not answer ({type(error).__name__})") from None
    except InvalidURI as error:
        raise UpstreamUnavailable(f"the upstream's address is wrong: {error}", is_fatal=True) from None
    return _WebsocketUpstream(connection)


class _WebsocketUpstream:
    def __init__(self, connection: object) -> None:
        from websockets.asyncio.client import ClientConnection

        assert isinstance(connection, ClientConnection)
        self._connection = connection

    async def send(self, text: str) -> None:
        from websockets.exceptions import ConnectionClosed

        try:
            await self._connection.send(text)
        except ConnectionClosed as error:
            raise UpstreamUnavailable("the upstream went away") from error

    async def frames(self) -> AsyncIterator[str]:
        from websockets.exceptions import ConnectionClosed

        # How it ended is told below, for an end that the library takes for an orderly one too.
        with contextlib.suppress(ConnectionClosed):
            async for frame in self._connection:
                if isinstance(frame, str):
                    yield frame
        code = self._connection.close_code or _LOST_CODE
        raise UpstreamUnavailable(f"the connection ended with {code}", is_fatal=code not in RECOVERABLE_CLOSES)

    async def close(self) -> None:
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._connection.close()
        except TimeoutError:
            # A peer that answers nothing any more: the socket is dropped.
            self._connection.transport.abort()
