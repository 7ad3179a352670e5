"""A card of ours in the virtual reader: speaks vpcd's protocol (two length bytes, then a command)."""

import contextlib
import socket
import threading
from types import TracebackType

VPCD_PORT = 35963
_POWER_OFF, _POWER_ON, _RESET, _GET_ATR = 0, 1, 2, 4
_ATR = bytes.fromhex("3B8F8001804F0CA000000306030001000000006A")
_GET_UID = bytes.fromhex("FFCA000000")


class VirtualCard:
    """Present on the reader while the context lasts; answers its identifier and nothing else."""

    def __init__(self, uid: str) -> None:
        self.uid = uid
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> "VirtualCard":
        self._socket = socket.create_connection(("127.0.0.1", VPCD_PORT), timeout=20)
        self._socket.settimeout(None)
        self._thread = threading.Thread(target=self._serve, args=(self._socket,), daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._socket is not None and self._thread is not None:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
            self._socket.close()
            self._thread.join(5)

    def _serve(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while command := self._receive(connection):
                if command in (bytes([_POWER_OFF]), bytes([_POWER_ON]), bytes([_RESET])):
                    continue
                if command == bytes([_GET_ATR]):
                    answer = _ATR
                elif command == _GET_UID:
                    answer = bytes.fromhex(self.uid) + b"\x90\x00"
                else:
                    answer = b"\x6d\x00"
                connection.sendall(len(answer).to_bytes(2, "big") + answer)

    def _receive(self, connection: socket.socket) -> bytes:
        header = self._exactly(connection, 2)
        return self._exactly(connection, int.from_bytes(header, "big")) if header else b""

    @staticmethod
    def _exactly(connection: socket.socket, count: int) -> bytes:
        data = b""
        while len(data) < count:
            piece = connection.recv(count - len(data))
            if not piece:
                return b""
            data += piece
        return data
