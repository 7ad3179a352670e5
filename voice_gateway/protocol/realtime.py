"""The upstream's side of the wire: what the gateway must know of OpenAI's Realtime protocol (GA).

Reads the few events that carry words, money or tools, hides tool traffic and our own prompt from
kiosks, and measures audio. Everything else is relayed untouched. Pure: no socket, no clock.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

Event = dict[str, Any]

# PCM16 mono at 24 kHz, the only PCM of the protocol.
AUDIO_BYTES_PER_MS = 48

SESSION_CREATED = "session.created"
SESSION_UPDATED = "session.updated"
ERROR = "error"
SPEECH_STARTED = "input_audio_buffer.speech_started"
SPEECH_STOPPED = "input_audio_buffer.speech_stopped"
COMMITTED = "input_audio_buffer.committed"
TRANSCRIPTION_COMPLETED = "conversation.item.input_audio_transcription.completed"
TRANSCRIPTION_FAILED = "conversation.item.input_audio_transcription.failed"
ITEM_ADDED = "conversation.item.added"
ITEM_DONE = "conversation.item.done"
ITEM_TRUNCATED = "conversation.item.truncated"
ITEM_DELETED = "conversation.item.deleted"
OUTPUT_ITEM_ADDED = "response.output_item.added"
OUTPUT_ITEM_DONE = "response.output_item.done"
RESPONSE_CREATED = "response.created"
RESPONSE_DONE = "response.done"
AUDIO_DELTA = "response.output_audio.delta"
WORDS_DELTA = frozenset({"response.output_audio_transcript.delta", "response.output_text.delta"})
WORDS_DONE = frozenset({"response.output_audio_transcript.done", "response.output_text.done"})

# Another attempt cannot help: livekit's list.
FATAL_ERRORS = frozenset({"insufficient_quota", "invalid_api_key", "account_deactivated", "billing_hard_limit_reached"})
SESSION_EXPIRED = "session_expired"
# Closes after which another connection may stand; the SDK's own list. 1006 is a connection that ended without a close.
RECOVERABLE_CLOSES = frozenset({1001, 1005, 1006, 1011, 1012, 1013, 1015})

# Marks a response that a tool answers and that another response continues; only our own kiosks look at it.
CONTINUES = "jarvis_continues"

_TOOL_ITEMS = frozenset({"function_call", "function_call_output"})


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A finished function call of the model."""

    call_id: str
    name: str
    arguments: str
    """JSON as the model wrote it: it may not parse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionProfile:
    """All that the gateway decides for one upstream session."""

    model: str
    voice: str
    language: str
    instructions: str
    tools: Sequence[Mapping[str, Any]]
    transcription_model: str
    max_output_tokens: int = 800
    noise_reduction: str = "far_field"
    """far_field, near_field or off."""
    vad_threshold: float = 0.6
    is_text_only: bool = False
    """No sound in either direction."""

    def as_update(self, *, event_id: str) -> Event:
        """The `session.update` that sets it."""
        return {
            "type": "session.update",
            "event_id": event_id,
            "session": {
                "type": "realtime",
                "output_modalities": ["text" if self.is_text_only else "audio"],
                "instructions": self.instructions,
                "audio": {
                    "input": {
                        "format": {"type": "audio/pcm", "rate": 24000},
                        # A kiosk stands in a loud room, an arm's length away.
                        "noise_reduction": None if self.noise_reduction == "off" else {"type": self.noise_reduction},
                        "transcription": {"model": self.transcription_model, "language": self.language},
                        "turn_detection": {
                            "type": "server_vad",
                            "threshold": self.vad_threshold,
                            "prefix_padding_ms": 300,
                            "silence_duration_ms": 500,
                            "create_response": True,
                            "interrupt_response": True,
                        },
                    },
                    "output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": self.voice, "speed": 1.0},
                },
                "tools": [dict(tool) for tool in self.tools],
                "tool_choice": "auto",
                "max_output_tokens": self.max_output_tokens,
                # The history is billed again at each response: what it may cost is bounded here.
                "truncation": {
                    "type": "retention_ratio",
                    "retention_ratio": 0.8,
                    "token_limits": {"post_instructions": 4000},
                },
            },
        }

    def as_language_update(self, *, event_id: str) -> Event:
        """The `session.update` that changes the language of ear and mouth, and nothing else."""
        transcription = {"model": self.transcription_model, "language": self.language}
        return {
            "type": "session.update",
            "event_id": event_id,
            "session": {
                "type": "realtime",
                "instructions": self.instructions,
                "audio": {"input": {"transcription": transcription}},
            },
        }


def text_of(event: Mapping[str, Any]) -> str:
    """The event as one frame."""
    return orjson.dumps(event).decode()


def audio_bytes(base64_audio: object) -> int:
    """Length of base64 audio once decoded, without decoding it."""
    if not isinstance(base64_audio, str):
        return 0
    return len(base64_audio) * 3 // 4 - base64_audio[-2:].count("=")


def without_audio(event: Event) -> Event:
    """The event with audio replaced by its length: words are stored, voices are not."""
    key = "audio" if event["type"] == "input_audio_buffer.append" else "delta"
    if event["type"] in (AUDIO_DELTA, "input_audio_buffer.append"):
        length = audio_bytes(event.get(key))
        kept = {name: value for name, value in event.items() if name != key}
        return {**kept, "audio_bytes": length, "audio_ms": length // AUDIO_BYTES_PER_MS}
    item = event.get("item")
    if isinstance(item, Mapping) and isinstance(item.get("content"), list):
        # conversation.item.retrieved brings a member's voice back.
        parts = [
            {**part, "audio": None} if isinstance(part, Mapping) and part.get("audio") else part
            for part in item["content"]
        ]
        return {**event, "item": {**item, "content": parts}}
    return event


def is_tool_item(event: Mapping[str, Any]) -> bool:
    """True when the event brings an item of tool traffic."""
    item = event.get("item")
    return isinstance(item, Mapping) and item.get("type") in _TOOL_ITEMS


def is_tool_event(kind: str) -> bool:
    """True for events that only tool traffic has."""
    return kind.startswith("response.function_call_arguments.")


def completed_call(event: Mapping[str, Any]) -> ToolCall | None:
    """The call in `response.output_item.done`; None unless it is whole: a cut response leaves half of its JSON."""
    item = event.get("item")
    if not isinstance(item, Mapping) or item.get("type") != "function_call" or item.get("status") != "completed":
        return None
    call_id, name = item.get("call_id"), item.get("name")
    if not isinstance(call_id, str) or not isinstance(name, str):
        return None
    return ToolCall(call_id, name, str(item.get("arguments") or "{}"))


def tool_output(call_id: str, output: Mapping[str, Any]) -> Event:
    """The result of a call as the model is told."""
    return {
        "type": "conversation.item.create",
        "item": {"type": "function_call_output", "call_id": call_id, "output": text_of(output)},
    }


def shown_session(event: Event) -> Event:
    """`session.created` or `session.updated` without our prompt and tools; the rest is the effective session."""
    session = event.get("session")
    if not isinstance(session, Mapping):
        return event
    return {**event, "session": {**session, "instructions": "", "tools": []}}


def shown_response(event: Event, *, continues: bool) -> Event:
    """`response.done` without tool items, the very event where it has none; `continues` marks that another follows."""
    response = event.get("response")
    if not isinstance(response, Mapping):
        return event
    output = response.get("output")
    kept = [item for item in output if not _is_tool(item)] if isinstance(output, list) else []
    if not continues and kept == output:
        return event
    shown = {**response, "output": kept}
    if continues:
        shown["metadata"] = {**(response.get("metadata") or {}), CONTINUES: "true"}
    return {**event, "response": shown}


@dataclass(frozen=True, slots=True)
class Answer:
    """One message in the output of a response that is done."""

    item_id: str
    parts: Mapping[int, str]
    """The words of each content part that has any."""
    is_complete: bool


def answers_of(response: Mapping[str, Any]) -> list[Answer]:
    """The messages of `response.done`, with their words: the last chance to learn what was never finished before."""
    answers = []
    output = response.get("output")
    for item in output if isinstance(output, list) else []:
        if not isinstance(item, Mapping) or item.get("type") != "message" or not isinstance(item.get("id"), str):
            continue
        content = item.get("content")
        parts = {
            index: words
            for index, part in enumerate(content if isinstance(content, list) else [])
            if isinstance(part, Mapping) and isinstance(words := part.get("transcript") or part.get("text"), str)
        }
        answers.append(Answer(item["id"], parts, item.get("status") != "incomplete"))
    return answers


def content_index(event: Mapping[str, Any]) -> int:
    """Which part of its item an event is about."""
    index = event.get("content_index")
    return index if isinstance(index, int) else 0


def is_interrupting(event: Mapping[str, Any]) -> bool:
    """False where the effective session of `session.updated` lets an answer go on while the member speaks."""
    detection = _in_ear(event, "turn_detection")
    return not isinstance(detection, Mapping) or detection.get("interrupt_response") is not False


def transcription_model(event: Mapping[str, Any]) -> str | None:
    """What writes down the member's words from a `session.update` on; None where it does not say."""
    transcription = _in_ear(event, "transcription")
    model = transcription.get("model") if isinstance(transcription, Mapping) else None
    return model if isinstance(model, str) else None


def user_text(item: Mapping[str, Any]) -> str | None:
    """The typed words of a member's item; None where there are none."""
    if item.get("type") != "message" or item.get("role") != "user" or not isinstance(item.get("content"), list):
        return None
    words = [
        str(part.get("text") or "")
        for part in item["content"]
        if isinstance(part, Mapping) and part.get("type") == "input_text"
    ]
    return " ".join(words) if words else None


def error_of(event: Mapping[str, Any]) -> tuple[str, str]:
    """Code and offending event id of an `error` event; empty where not given."""
    error = event.get("error")
    if not isinstance(error, Mapping):
        return "", ""
    return str(error.get("code") or ""), str(error.get("event_id") or "")


def failure_of(response: Mapping[str, Any]) -> str | None:
    """Code of a response that failed, which comes in no `error` event; None for one that did not."""
    if response.get("status") != "failed":
        return None
    details = response.get("status_details")
    error = details.get("error") if isinstance(details, Mapping) else None
    return str((error.get("code") if isinstance(error, Mapping) else None) or "unknown")


def _is_tool(item: object) -> bool:
    return isinstance(item, Mapping) and item.get("type") in _TOOL_ITEMS


def _in_ear(event: Mapping[str, Any], setting: str) -> object:
    found: object = event
    for name in ("session", "audio", "input", setting):
        found = found.get(name) if isinstance(found, Mapping) else None
    return found
