"""A websocket connection whose port also answers plain HTTP posts.

The websockets library parses nothing but GET, and the control API has bodies: this looks at the first letters, takes
any other method away from the library, and leaves everything else to it untouched.
"""

import asyncio
import http
import json
from collections.abc import Callable
from typing import Any

from websockets.asyncio.server import ServerConnection

from voice_gateway.standin.control import Answer

AnswerHttp = Callable[[str, str, bytes], Answer]  # (method, path, body) -> answer

_WEBSOCKET_METHOD = b"GET "
_MAX_REQUEST_BYTES = 4 * 1024 * 1024  # a script is a dialogue, not a book


class StandinConnection(ServerConnection):
    """A `ServerConnection` for GET; any other method is answered by `answer_http` and its connection closed."""

    def __init__(self, *args: Any, answer_http: AnswerHttp, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._answer_http = answer_http
        self._first_bytes: bytes | None = b""

    def data_received(self, data: bytes) -> None:
        """The bytes went to whom they are for, known once the method is."""
        if self._first_bytes is None:
            super().data_received(data)
            return
        self._first_bytes += data
        if _WEBSOCKET_METHOD.startswith(self._first_bytes) and len(self._first_bytes) < len(_WEBSOCKET_METHOD):
            return
        received, self._first_bytes = self._first_bytes, None
        if received.startswith(_WEBSOCKET_METHOD):
            super().data_received(received)
            return
        # The library's task for this connection waits for a handshake that will never come.
        plain = _PlainHttp(self.transport, self._answer_http, on_lost=self.server.handlers[self].cancel)
        self.transport.set_protocol(plain)
        plain.data_received(received)


class _PlainHttp(asyncio.Protocol):
    """One request, one answer, then the end of the connection."""

    def __init__(self, transport: asyncio.Transport, answer_http: AnswerHttp, *, on_lost: Callable[[], object]) -> None:
        self._transport = transport
        self._answer_http = answer_http
        self._on_lost = on_lost
        self._request = b""

    def data_received(self, data: bytes) -> None:
        self._request += data
        answer = self._answer()
        if answer is None or self._transport.is_closing():
            return
        body = json.dumps(answer.body, ensure_ascii=False).encode()
        head = (
            f"HTTP/1.1 {answer.status} {http.HTTPStatus(answer.status).phrase}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self._transport.write(head.encode() + body)
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._on_lost()

    def _answer(self) -> Answer | None:
        """The answer once the whole request is there."""
        if len(self._request) > _MAX_REQUEST_BYTES:
            return Answer(413, {"error": f"found more than {_MAX_REQUEST_BYTES} bytes, expected fewer"})
        head, separator, body = self._request.partition(b"\r\n\r\n")
        if not separator:
            return None
        first, *rest = head.decode("latin-1").split("\r\n")
        method, _, target = first.partition(" ")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
        length = headers.get("content-length", "0")
        if not length.isdecimal():
            return Answer(400, {"error": "found no readable Content-Length, expected the body's length in bytes"})
        if len(body) < int(length):
            return None
        return self._answer_http(method, target.partition(" ")[0].partition("?")[0], body[: int(length)])
