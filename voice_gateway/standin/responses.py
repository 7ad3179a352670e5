"""One response of the stand-in, from `response.created` to `response.done`, in the order the GA protocol promises.

Pure: what to say comes from the caller, sound comes back through `speak`, and `advance` sends what is due by `now`.
`protocol` decides when responses begin and end.
"""

import base64
import copy
import itertools
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from voice_gateway.standin.audio import BYTES_PER_MS, duration_ms
from voice_gateway.standin.brain import Situation
from voice_gateway.standin.conversation import Conversation, Item, Tokens, assistant_audio_tokens, text_tokens, usage
from voice_gateway.standin.effects import Outbox, Speak
from voice_gateway.standin.faults import Faults

_CHUNK_MS = 200
_TEXT_CHUNK_SECONDS = 0.2  # of speech a piece of text stands for, so that pacing means the same in both modalities
_TOKENS_PER_MINUTE = 40_000


@dataclass(frozen=True)
class ResponseSettings:
    """What one response was asked to be: the session's settings, overridden by its `response.create`."""

    output_modalities: tuple[str, ...]
    max_output_tokens: int | str  # a number above 0, or "inf"
    voice: object
    conversation_id: str | None  # None for a response outside the conversation
    metadata: dict[str, str] | None
    is_idle_prompt: bool = False  # whether the member's long silence asked for it


@dataclass(frozen=True)
class _Chunk:
    due_at: float
    words: str
    pcm: bytes


class Response:
    """A response under way.

    Args:
        situation: what the brain must answer, asked once, when all speech the response waits for was heard.
    """

    def __init__(
        self,
        *,
        out: Outbox,
        conversation: Conversation,
        settings: ResponseSettings,
        faults: Faults,
        started_at: float,
        situation: Callable[[], Situation],
    ) -> None:
        self.id = out.new_id("resp")
        self.settings = settings
        self.situation = situation
        self.awaited_item_ids: set[str] = set()
        self.is_done = False
        self.is_decided = False
        self.audio_ms = 0  # sent so far
        self.first_sent_at: float | None = None
        self._out = out
        self._conversation = conversation
        self._faults = faults
        self._started_at = started_at
        self._input, self._cached = Tokens(), Tokens()
        self._output: list[Item] = []
        self._text = ""
        self._sent_text = ""
        self._is_cut = False
        self._token_limit = float("inf")
        self._chunks: deque[_Chunk] = deque()
        self._call: tuple[str, str] | None = None

    @property
    def is_in_conversation(self) -> bool:
        """Whether the response's items join the default conversation."""
        return self.settings.conversation_id is not None

    @property
    def due_at(self) -> float | None:
        """When `advance` next has something to send; None while the response waits for ears or voice."""
        if self.is_done:
            return None
        if self._call is not None:
            return self._started_at + self._faults.ttfb_ms / 1000
        return self._chunks[0].due_at if self._chunks else None

    def begin(self) -> None:
        """The client knows of the response; a rate-limited one is already over."""
        copies = 0 if self._faults.omit_response_created else 2 if self._faults.duplicate_response_created else 1
        for _ in range(copies):
            self._out.send("response.created", response=self._wire("in_progress"))
        limits = {"name": "tokens", "limit": _TOKENS_PER_MINUTE, "remaining": _TOKENS_PER_MINUTE, "reset_seconds": 0.0}
        if self._faults.rate_limited:
            limits |= {"remaining": 0, "reset_seconds": 60.0}
        self._out.send("rate_limits.updated", rate_limits=[limits])
        if self._faults.rate_limited:
            self._fail("requests", "rate_limit_exceeded", "Rate limit reached for tokens per minute.")
        elif self._faults.server_error:
            self._fail("server_error", "server_error", "The server had an error while processing your request.")

    def _fail(self, kind: str, code: str, message: str) -> None:
        self._finish("failed", {"type": "failed", "error": {"type": kind, "code": code, "message": message}})

    def bill(self, *, whole: Tokens, cached: Tokens) -> None:
        """`response.done` will report that input."""
        self._input, self._cached = whole, cached

    def say(self, text: str, *, now: float, is_verbatim: bool) -> None:
        """The response will say `text`, whole when `is_verbatim`, else within its own `max_output_tokens`."""
        self.is_decided = True
        self._text = text
        if not is_verbatim:
            self._token_limit = float(self.settings.max_output_tokens)  # "inf" reads as infinity
        if "audio" in self.settings.output_modalities:
            self._out.add(Speak(self.id, text))
        else:
            words = _words(text)
            weight = text_tokens(text)
            self._plan(words, [b""] * len(words), seconds=_TEXT_CHUNK_SECONDS, weight=weight, now=now)

    def call_tool(self, name: str, arguments: str) -> None:
        """The response will call that function."""
        self.is_decided = True
        self._call = (name, arguments)

    def speak(self, pcm: bytes, *, now: float) -> None:
        """`pcm` says the response's text: it goes out in pieces, each with the words it covers."""
        step = _CHUNK_MS * BYTES_PER_MS
        pieces = [pcm[start : start + step] for start in range(0, len(pcm), step)] or [b""]
        words = _words(self._text)
        shares = [round(len(words) * index / len(pieces)) for index in range(len(pieces) + 1)]
        spread = ["".join(words[left:right]) for left, right in itertools.pairwise(shares)]
        weight = text_tokens(self._text) + assistant_audio_tokens(duration_ms(pcm))
        self._plan(spread, pieces, seconds=_CHUNK_MS / 1000, weight=weight, now=now)

    def advance(self, now: float) -> None:
        """Everything due by `now` is sent; the last piece ends the response."""
        if self._call is not None and self.due_at is not None and self.due_at <= now:
            self._send_call(*self._call)
            self._finish("completed", None)
        while not self.is_done and self._chunks and self._chunks[0].due_at <= now:
            if not self._output:
                self._open_message()
                self.first_sent_at = now
            self._send_chunk(self._chunks.popleft())
            if not self._chunks:
                cut = {"type": "incomplete", "reason": "max_output_tokens"}
                self._finish("incomplete", cut) if self._is_cut else self._finish("completed", None)

    def cancel(self, reason: str) -> None:
        """The response is done, with what was sent of it so far."""
        self._finish("cancelled", {"type": "cancelled", "reason": reason})

    def _plan(self, words: list[str], pieces: list[bytes], *, seconds: float, weight: int, now: float) -> None:
        first_at = max(now, self._started_at + self._faults.ttfb_ms / 1000)
        kept = len(words)
        if weight > self._token_limit:
            self._is_cut = True
            kept = max(1, int(kept * self._token_limit / weight))
        pace = seconds * self._faults.delta_pacing
        plan = zip(words[:kept], pieces[:kept], strict=True)
        self._chunks = deque(_Chunk(first_at + index * pace, said, pcm) for index, (said, pcm) in enumerate(plan))

    def _wire(
        self, status: str, details: dict[str, Any] | None = None, spent: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": status,
            "status_details": details,
            "output": [copy.deepcopy(item.wire) for item in self._output],
            "conversation_id": self.settings.conversation_id,
            "output_modalities": list(self.settings.output_modalities),
            "max_output_tokens": self.settings.max_output_tokens,
            "audio": {"output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": self.settings.voice}},
            "usage": spent,
            "metadata": self.settings.metadata,
        }

    def _add_item(self, item: Item) -> None:
        self._output.append(item)
        self._out.send("response.output_item.added", response_id=self.id, output_index=0, item=copy.deepcopy(item.wire))
        if self.is_in_conversation:
            self._conversation.add(item)
            previous = self._conversation.previous_id(item)
            self._out.send("conversation.item.added", previous_item_id=previous, item=copy.deepcopy(item.wire))

    def _close_item(self, item: Item, status: str) -> None:
        item.wire["status"] = status
        # A client may have deleted the item while it was being said.
        if self.is_in_conversation and self._conversation.find(item.id) is not None:
            previous = self._conversation.previous_id(item)
            self._out.send("conversation.item.done", previous_item_id=previous, item=copy.deepcopy(item.wire))
        self._send_item_done(item)

    def _send_item_done(self, item: Item) -> None:
        self._out.send("response.output_item.done", response_id=self.id, output_index=0, item=copy.deepcopy(item.wire))

    def _send_part(self, event_type: str, **fields: Any) -> None:
        item_id = self._output[0].id
        self._out.send(event_type, response_id=self.id, item_id=item_id, output_index=0, content_index=0, **fields)

    @property
    def _is_audio(self) -> bool:
        return "audio" in self.settings.output_modalities

    def _open_message(self) -> None:
        wire = {
            "id": self._out.new_id("item"),
            "type": "message",
            "status": "in_progress",
            "role": "assistant",
            "content": [],
        }
        self._add_item(Item(wire=wire))
        self._send_part("response.content_part.added", part=self._part(""))

    def _part(self, text: str) -> dict[str, str]:
        return {"type": "audio", "transcript": text} if self._is_audio else {"type": "text", "text": text}

    def _send_chunk(self, chunk: _Chunk) -> None:
        self._sent_text += chunk.words
        if not self._is_audio:
            self._send_part("response.output_text.delta", delta=chunk.words)
            return
        if chunk.words:
            self._send_part("response.output_audio_transcript.delta", delta=chunk.words)
        if chunk.pcm:
            self.audio_ms += duration_ms(chunk.pcm)
            self._output[0].audio_ms = self.audio_ms
            self._send_part("response.output_audio.delta", delta=base64.b64encode(chunk.pcm).decode("ascii"))

    def _send_call(self, name: str, arguments: str) -> None:
        call_id = self._out.new_id("call")
        wire = {
            "id": self._out.new_id("item"),
            "type": "function_call",
            "status": "in_progress",
            "name": name,
            "call_id": call_id,
            "arguments": "",
        }
        item = Item(wire=wire)
        self._add_item(item)
        place = {"response_id": self.id, "item_id": item.id, "output_index": 0, "call_id": call_id}
        middle = len(arguments) // 2
        for piece in (arguments[:middle], arguments[middle:]):
            self._out.send("response.function_call_arguments.delta", delta=piece, **place)
        item.wire["arguments"] = arguments
        self._out.send("response.function_call_arguments.done", name=name, arguments=arguments, **place)
        self._close_item(item, "completed")
        if self._faults.duplicate_tool_calls:
            self._send_item_done(item)

    def _close_message(self, status: str) -> None:
        item = self._output[0]
        if self._is_audio:
            self._send_part("response.output_audio.done")
            self._send_part("response.output_audio_transcript.done", transcript=self._sent_text)
            item.wire["content"] = [{"type": "output_audio", "transcript": self._sent_text}]
        else:
            self._send_part("response.output_text.done", text=self._sent_text)
            item.wire["content"] = [{"type": "output_text", "text": self._sent_text}]
        self._send_part("response.content_part.done", part=self._part(self._sent_text))
        self._close_item(item, "completed" if status == "completed" else "incomplete")

    def _finish(self, status: str, details: dict[str, Any] | None) -> None:
        self.is_done = True
        self._chunks.clear()
        if self._output and self._call is None:
            self._close_message(status)
        output = Tokens(text=text_tokens(self._sent_text), audio=assistant_audio_tokens(self.audio_ms))
        if self._call is not None and self._output:
            output = self._output[0].tokens()
        spent = usage(whole=self._input, cached=self._cached, output=output)
        self._out.send("response.done", response=self._wire(status, details, spent))


def _words(text: str) -> list[str]:
    """`text` in pieces that end after their spaces, so that they join to it exactly; at least one piece."""
    return re.findall(r"\s*\S+\s*", text) or [text]
