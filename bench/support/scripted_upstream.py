"""A Realtime upstream of a few scripted lines: quick, without ears or voice, and it remembers what it was told.

Speaks enough of the protocol for load: typed and spoken turns, answers with words and sound in pieces, a tool call
now and then. For benchmarks and tests; the stand-in is the upstream for people.
"""

import asyncio
import base64
import json
import logging
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

_SOUND = base64.b64encode(bytes(48 * 100)).decode()
_USAGE = {
    "total_tokens": 253, "input_tokens": 132, "output_tokens": 121,
    "input_token_details": {
        "text_tokens": 119, "audio_tokens": 13, "image_tokens": 0, "cached_tokens": 64,
        "cached_tokens_details": {"text_tokens": 64, "audio_tokens": 0, "image_tokens": 0},
    },
    "output_token_details": {"text_tokens": 30, "audio_tokens": 91},
}  # fmt: skip


class ScriptedUpstream:
    """Every connection's script, and what all of them were told."""

    def __init__(self, *, pieces: int = 12, pause_seconds: float = 0.01, tool_every: int = 3) -> None:
        self.tool_outputs: Counter[str] = Counter()
        """How often each call's output came: a call that ran twice would be told twice."""
        self._pieces = pieces
        self._pause_seconds = pause_seconds
        self._tool_every = tool_every
        self._connections = 0

    async def serve_connection(self, socket: ServerConnection) -> None:
        """One session, until the gateway is gone."""
        self._connections += 1
        try:
            await _Script(self, socket, self._connections).run()
        except ConnectionClosed:
            return


class _Script:
    def __init__(self, upstream: ScriptedUpstream, socket: ServerConnection, number: int) -> None:
        self._upstream = upstream
        self._socket = socket
        self._name = f"c{number}"
        self._sent = 0
        self._items = 0
        self._responses = 0
        self._last_item: str | None = None

    async def run(self) -> None:
        await self._send("session.created", session={"id": f"sess_{self._name}", "type": "realtime"})
        async for frame in self._socket:
            event = json.loads(frame)
            match event["type"]:
                case "session.update":
                    await self._send("session.updated", session=event["session"])
                case "conversation.item.create":
                    await self._item_created(event["item"])
                case "input_audio_buffer.commit":
                    await self._spoken()
                    await self._answer()
                case "response.create":
                    await self._answer()

    async def _send(self, kind: str, **fields: Any) -> None:
        self._sent += 1
        event = {"type": kind, "event_id": f"event_{self._name}_{self._sent}", **fields}
        await self._socket.send(json.dumps(event))

    def _new_item(self) -> tuple[str, str | None]:
        self._items += 1
        item_id, previous = f"item_{self._name}_{self._items}", self._last_item
        self._last_item = item_id
        return item_id, previous

    async def _item_created(self, item: dict[str, Any]) -> None:
        if item["type"] == "function_call_output":
            self._upstream.tool_outputs[item["call_id"]] += 1
        item_id, previous = self._new_item()
        await self._send("conversation.item.added", previous_item_id=previous, item={**item, "id": item_id})

    async def _spoken(self) -> None:
        item_id, previous = self._new_item()
        await self._send("input_audio_buffer.speech_started", item_id=item_id, audio_start_ms=0)
        await self._send("input_audio_buffer.speech_stopped", item_id=item_id, audio_end_ms=400)
        await self._send("input_audio_buffer.committed", item_id=item_id, previous_item_id=previous)
        await self._send(
            "conversation.item.input_audio_transcription.completed", item_id=item_id, content_index=0,
            transcript=f"mots de {item_id}", usage={"type": "duration", "seconds": 0.4},
        )  # fmt: skip

    async def _answer(self) -> None:
        self._responses += 1
        response_id = f"resp_{self._name}_{self._responses}"
        await self._send("response.created", response={"id": response_id, "status": "in_progress", "output": []})
        item_id, previous = self._new_item()
        if self._responses % self._upstream._tool_every == 0:
            item = {
                "id": item_id, "type": "function_call", "status": "completed", "name": "get_opening_hours",
                "call_id": f"call_{self._name}_{self._responses}", "arguments": "{}",
            }  # fmt: skip
            await self._send("response.output_item.done", response_id=response_id, output_index=0, item=item)
        else:
            await self._speak(item_id, previous, response_id)
        done = {"id": response_id, "status": "completed", "output": [], "usage": _USAGE}
        await self._send("response.done", response=done)

    async def _speak(self, item_id: str, previous: str | None, response_id: str) -> None:
        item = {"id": item_id, "type": "message", "role": "assistant", "status": "in_progress", "content": []}
        await self._send("conversation.item.added", previous_item_id=previous, item=item)
        about = {"response_id": response_id, "item_id": item_id, "output_index": 0, "content_index": 0}
        for piece in range(self._upstream._pieces):
            await self._send("response.output_audio_transcript.delta", **about, delta=f"mot{piece} ")
            await self._send("response.output_audio.delta", **about, delta=_SOUND)
            await asyncio.sleep(self._upstream._pause_seconds)
        words = " ".join(f"mot{piece}" for piece in range(self._upstream._pieces))
        await self._send("response.output_audio_transcript.done", **about, transcript=words)


@asynccontextmanager
async def running_upstream(upstream: ScriptedUpstream) -> AsyncIterator[int]:
    """The upstream serves on a free port, which is yielded."""
    # Whoever asks whether the port answers hangs up at once, which is nothing to log.
    quiet = logging.getLogger("bench.scripted_upstream")
    quiet.setLevel(logging.CRITICAL)
    async with serve(
        upstream.serve_connection, "127.0.0.1", 0, compression=None, max_size=None, logger=quiet
    ) as server:
        yield next(iter(server.sockets)).getsockname()[1]
