"""An upstream that only keeps time: it answers settings, and sends stamped sound at an even pace.

`python -m bench.support.pacer --port 9000`. It thinks nothing, hears nothing and says noise, so that what
is measured between it and a client is the way there and back. Frames carry the sender's monotonic clock,
which all processes of a machine share, in their `event_id`. A client of the path `/report` that sends any
frame gets the latencies of the sound that arrived since the last time it asked.
"""

import argparse
import asyncio
import base64
import json
import time
from array import array
from collections.abc import Callable

from bench.support.frames import Peer, text_frame

FRAME_SECONDS = 0.1
_SOUND = base64.b64encode(bytes(int(FRAME_SECONDS * 48_000))).decode()
_STAMP = b'"event_id":"'
_DIGITS = 20


def sound_frame(kind: str, field: str, *, is_masked: bool) -> Callable[[], bytes]:
    """What makes the next frame of 100 ms of sound, stamped with the moment it is made."""
    fields = {"item_id": "item_1", "response_id": "resp_1", "content_index": 0} if field == "delta" else {}
    event = {"event_id": "0" * _DIGITS, "type": kind, **fields, field: _SOUND}
    frame = text_frame(json.dumps(event, separators=(",", ":")).encode(), is_masked=is_masked)
    at = frame.index(_STAMP) + len(_STAMP)
    before, after = frame[:at], frame[at + _DIGITS :]
    return lambda: before + b"%020d" % time.monotonic_ns() + after


def seconds_since(head: bytes) -> float | None:
    """Age of a stamped frame; None for another one."""
    at = head.find(_STAMP)
    stamp = head[at + len(_STAMP) : at + len(_STAMP) + _DIGITS]
    return (time.monotonic_ns() - int(stamp)) / 1e9 if at >= 0 and stamp.isdigit() else None


class Ticker:
    """Calls back every 100 ms, at a phase of its own, until it is stopped."""

    def __init__(self, call: Callable[[], None], *, phase: float = 0.0) -> None:
        self._call = call
        self._loop = asyncio.get_running_loop()
        self._due = self._loop.time() + phase * FRAME_SECONDS
        self._handle = self._loop.call_at(self._due, self._tick)

    def _tick(self) -> None:
        self._call()
        self._due += FRAME_SECONDS
        self._handle = self._loop.call_at(self._due, self._tick)

    def stop(self) -> None:
        """It calls no more."""
        self._handle.cancel()


class _Session(Peer):
    _next_frame = staticmethod(sound_frame("response.output_audio.delta", "delta", is_masked=False))

    def __init__(self, latencies: "array[float]") -> None:
        super().__init__(is_client=False)
        self._latencies = latencies
        self._ticker: Ticker | None = None

    def on_open(self) -> None:
        self._say({"type": "session.created", "event_id": "event_1", "session": {"type": "realtime", "id": "sess_1"}})

    def on_text(self, head: bytes, whole: Callable[[], bytes]) -> None:
        if self.path == "/report":
            self.send(text_frame(json.dumps(list(self._latencies)).encode(), is_masked=False))
            del self._latencies[:]
        elif b"input_audio_buffer.append" in head:
            age = seconds_since(head)
            if age is not None:
                self._latencies.append(age)
            self._ticker = self._ticker or Ticker(lambda: self.send(self._next_frame()))
        elif b"session.update" in head:
            self._say({"type": "session.updated", "event_id": "event_2", "session": {"type": "realtime"}})

    def on_lost(self) -> None:
        if self._ticker is not None:
            self._ticker.stop()

    def _say(self, event: dict[str, object]) -> None:
        self.send(text_frame(json.dumps(event).encode(), is_masked=False))


async def serve(port: int) -> None:
    """Serves until the process is told to go."""
    latencies: array[float] = array("d")
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Session(latencies), "127.0.0.1", port, backlog=1024)
    async with server:
        await server.serve_forever()


def main() -> None:
    """Serves on the port given."""
    options = argparse.ArgumentParser(prog="python -m bench.support.pacer", description=__doc__)
    options.add_argument("--port", type=int, required=True)
    asyncio.run(serve(options.parse_args().port))


if __name__ == "__main__":
    main()
