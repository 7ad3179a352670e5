"""The least a websocket needs, for load generators that must cost less than what they measure.

Text frames only, no compression, masks of zeros: what a library does for safety takes longer than what
a gateway takes to relay a frame. Used on loopback between processes of one benchmark, never elsewhere.
"""

import asyncio
import base64
import hashlib
import os
import struct
from collections.abc import Callable

_TEXT, _CLOSE, _PING, _PONG = 0x1, 0x8, 0x9, 0xA
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_END_OF_HEAD = b"\r\n\r\n"
# Where a stamp stands: the beginning of a frame, so that nobody has to unmask or parse the sound after it.
_HEAD_BYTES = 256


def text_frame(payload: bytes, *, is_masked: bool) -> bytes:
    """The payload as one text frame; masked ones carry the mask that changes nothing."""
    return _frame(_TEXT, payload, is_masked=is_masked)


class Peer(asyncio.Protocol):
    """One end of a websocket: `on_text` gets the beginning of each text frame, and what gives all of it."""

    def __init__(self, *, is_client: bool) -> None:
        self.is_open = False
        self.transport: asyncio.Transport | None = None
        self.path = ""
        self._is_client = is_client
        self._received = bytearray()

    def on_open(self) -> None:
        """The handshake is over."""

    def on_text(self, head: bytes, whole: Callable[[], bytes]) -> None:
        """A text frame came; `head` is its first bytes."""

    def on_lost(self) -> None:
        """The connection is gone."""

    def send(self, frame: bytes) -> None:
        """The frame, made by `text_frame`, is on its way."""
        if self.transport is not None and not self.transport.is_closing():
            self.transport.write(frame)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """As asyncio asks."""
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        """As asyncio asks."""
        self.is_open = False
        self.on_lost()

    def data_received(self, data: bytes) -> None:
        """As asyncio asks."""
        self._received += data
        if not self.is_open:
            end = self._received.find(_END_OF_HEAD)
            if end < 0:
                return
            head = bytes(self._received[:end])
            del self._received[: end + len(_END_OF_HEAD)]
            self._shake(head)
        self._read_frames()

    def _shake(self, head: bytes) -> None:
        if not self._is_client:
            self.path = head.split(b" ", 2)[1].decode()
            key = next(
                line[18:].strip() for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")
            )
            accept = base64.b64encode(hashlib.sha1(key + _GUID).digest())
            assert self.transport is not None
            self.transport.write(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Accept: " + accept + _END_OF_HEAD
            )
        elif b" 101 " not in head.split(b"\r\n", 1)[0]:
            # Whoever waits for it learns from the end of the connection that it was not let in.
            assert self.transport is not None
            self.transport.abort()
            return
        self.is_open = True
        self.on_open()

    def _read_frames(self) -> None:
        received, start = self._received, 0
        while len(received) - start >= 2:
            opcode, length = received[start] & 0x0F, received[start + 1] & 0x7F
            is_masked = bool(received[start + 1] & 0x80)
            at = start + 2
            if length == 126:
                if len(received) < at + 2:
                    break
                length, at = struct.unpack_from(">H", received, at)[0], at + 2
            elif length == 127:
                if len(received) < at + 8:
                    break
                length, at = struct.unpack_from(">Q", received, at)[0], at + 8
            mask = bytes(received[at : at + 4]) if is_masked else b""
            at += len(mask)
            if len(received) < at + length:
                break
            payload = bytes(received[at : at + length])
            start = at + length
            self._take(opcode, payload, mask)
        if start:
            del received[:start]

    def _take(self, opcode: int, payload: bytes, mask: bytes) -> None:
        if opcode == _TEXT:
            self.on_text(_unmasked(payload[:_HEAD_BYTES], mask), lambda: _unmasked(payload, mask))
        elif opcode == _PING:
            self.send(_frame(_PONG, _unmasked(payload, mask), is_masked=self._is_client))
        elif opcode == _CLOSE and self.transport is not None:
            self.transport.close()


async def connect(port: int, path: str, peer: Peer, *, headers: dict[str, str] | None = None) -> None:
    """The peer is connected; its handshake follows by itself."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_connection(lambda: peer, "127.0.0.1", port)
    lines = [
        f"GET {path} HTTP/1.1",
        f"Host: 127.0.0.1:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}",
        *(f"{name}: {value}" for name, value in (headers or {}).items()),
    ]
    transport.write("\r\n".join(lines).encode() + _END_OF_HEAD)


def _frame(opcode: int, payload: bytes, *, is_masked: bool) -> bytes:
    bit = 0x80 if is_masked else 0
    if len(payload) < 126:
        head = struct.pack(">BB", 0x80 | opcode, bit | len(payload))
    elif len(payload) < 65536:
        head = struct.pack(">BBH", 0x80 | opcode, bit | 126, len(payload))
    else:
        head = struct.pack(">BBQ", 0x80 | opcode, bit | 127, len(payload))
    return head + (bytes(4) if is_masked else b"") + payload


def _unmasked(payload: bytes, mask: bytes) -> bytes:
    if not mask or not any(mask):
        return payload
    repeated = (mask * (len(payload) // 4 + 1))[: len(payload)]
    number = int.from_bytes(payload, "little") ^ int.from_bytes(repeated, "little")
    return number.to_bytes(len(payload), "little")
