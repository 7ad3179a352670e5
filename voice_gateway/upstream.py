"""Dials the Realtime upstream: OpenAI, or the stand-in where there is no key.

A connection is three verbs, so that tests and a later provider fit the same seam.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit
from uuid import UUID

from jarvis.settings import Settings

_OPEN_SECONDS = 5
_ATTEMPTS = 3
_FIRST_PAUSE_SECONDS = 0.3
# OpenAI often ends without a CLOSE frame; waiting for one would take the library's 10 s.
_CLOSE_SECONDS = 1
_MAX_FRAME_BYTES = 16 * 1024 * 1024


class UpstreamUnavailable(RuntimeError):
    """The upstream could not be reached, or refused us; the message names its host, never the key."""


class Upstream(Protocol):
    """One open upstream session."""

    async def send(self, text: str) -> None:
        """The frame is on its way."""

    def frames(self) -> AsyncIterator[str]:
        """Frames until the upstream goes away."""

    async def close(self) -> None:
        """The connection is gone, within a second."""


DialUpstream = Callable[[UUID, str], Awaitable[Upstream]]
"""Session id and model to an open connection; raises `UpstreamUnavailable`."""


def dialler(settings: Settings) -> DialUpstream:
    """How this gateway reaches its upstream."""

    async def dial(session_id: UUID, model: str) -> Upstream:
        headers = {
            # Provider-side logs and the stand-in's scripts find the session by it.
            "X-Client-Request-Id": str(session_id),
        }
        if settings.openai_api_key:
            headers["Authorization"] = f"Bearer {settings.openai_api_key}"
        return await _dial(url_for(settings.realtime_url, model), headers)

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


async def _dial(url: str, headers: dict[str, str]) -> Upstream:
    # Imported here: the code that only reads settings should not load a websocket library.
    from websockets.asyncio.client import connect
    from websockets.exceptions import InvalidHandshake, InvalidURI

    host = urlsplit(url).hostname or ""
    pause, reason = _FIRST_PAUSE_SECONDS, ""
    for attempt in range(_ATTEMPTS):
        try:
            connection = await connect(
                url,
                additional_headers=headers,
                # Compressing base64 audio costs more latency than the bytes it saves.
                compression=None,
                open_timeout=_OPEN_SECONDS,
                close_timeout=_CLOSE_SECONDS,
                ping_interval=10,
                ping_timeout=10,
                max_size=_MAX_FRAME_BYTES,
                proxy=None if host in ("127.0.0.1", "localhost", "::1") else True,
            )
        except (OSError, TimeoutError, InvalidHandshake) as error:
            reason = type(error).__name__
            status = getattr(getattr(error, "response", None), "status_code", None)
            if status in (400, 401, 403, 404):
                # Another try would get the same answer.
                raise UpstreamUnavailable(f"the upstream {host} refused the connection with status {status}") from None
            if attempt + 1 < _ATTEMPTS:
                await asyncio.sleep(pause)
                pause *= 2
        except InvalidURI as error:
            raise UpstreamUnavailable(f"the upstream's address is wrong: {error}") from None
        else:
            return _WebsocketUpstream(connection)
    raise UpstreamUnavailable(f"the upstream {host} did not answer {_ATTEMPTS} times ({reason})")


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

        try:
            async for frame in self._connection:
                if isinstance(frame, str):
                    yield frame
        except ConnectionClosed:
            return

    async def close(self) -> None:
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._connection.close()
        except TimeoutError:
            # A peer that answers nothing any more: the socket is dropped.
            self._connection.transport.abort()
