"""Conversation items as clients send them, checked and brought into the shape the provider echoes.

Pure. What cannot be accepted raises `RefusalError`, which `protocol` turns into an `error` event.
"""

import base64
import binascii
from collections.abc import Callable
from typing import Any

from voice_gateway.standin.audio import duration_ms
from voice_gateway.standin.conversation import Item

MAX_APPEND_BYTES = 15 * 1024 * 1024

_CONTENT_TYPES = {"user": ("input_text", "input_audio"), "assistant": ("output_text",), "system": ("input_text",)}


class RefusalError(Exception):
    """A client event gets an `error` event in return; the session goes on."""

    def __init__(self, code: str, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.param = param


def decoded_audio(encoded: object, param: str) -> bytes:
    """The bytes of a base64 audio field.

    Raises:
        RefusalError: it is missing, not base64, or over 15 MiB.
    """
    if not isinstance(encoded, str):
        raise RefusalError("missing_required_parameter", f"Missing required parameter: '{param}'.", param=param)
    try:
        pcm = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise RefusalError(
            "invalid_value", f"Invalid '{param}'. Expected base64-encoded audio bytes.", param=param
        ) from None
    if len(pcm) > MAX_APPEND_BYTES:
        message = f"Found {len(pcm)} bytes of audio, expected at most {MAX_APPEND_BYTES} in one event."
        raise RefusalError("invalid_value", message, param=param)
    return pcm


def call_of(call_id: object, items: list[Item]) -> Item | None:
    """The function call of that id among `items`."""
    return next(
        (item for item in items if item.wire["type"] == "function_call" and item.wire["call_id"] == call_id), None
    )


def new_item(given: object, *, new_id: Callable[[str], str], known: list[Item]) -> tuple[Item, bytes | None]:
    """The item a client described, its own id kept, and the speech in it the ears must hear, if any.

    Raises:
        RefusalError: the description is not a message, function call or function call output of this protocol.
    """
    if not isinstance(given, dict):
        raise RefusalError("missing_required_parameter", "Missing required parameter: 'item'.", param="item")
    kind = given.get("type")
    item_id = given.get("id") or new_id("item")
    if not isinstance(item_id, str):
        raise RefusalError("invalid_type", "Expected 'item.id' as a string.", param="item.id")
    wire: dict[str, Any] = {"id": item_id, "type": kind}
    if kind == "message":
        return _new_message(given, wire)
    if kind == "function_call_output":
        if not isinstance(given.get("output"), str) or not isinstance(given.get("call_id"), str):
            raise RefusalError(
                "missing_required_parameter", "Expected strings 'call_id' and 'output'.", param="item.output"
            )
        if call_of(given["call_id"], known) is None:
            message = f"Tool call ID '{given['call_id']}' not found in conversation."
            raise RefusalError("invalid_tool_call_output", message, param="item.call_id")
        return Item(wire=wire | {"call_id": given["call_id"], "output": given["output"]}), None
    if kind == "function_call":
        if not isinstance(given.get("name"), str) or not isinstance(given.get("arguments"), str):
            raise RefusalError(
                "missing_required_parameter", "Expected strings 'name' and 'arguments'.", param="item.name"
            )
        call_id = given.get("call_id") or new_id("call")
        call = {"name": given["name"], "call_id": call_id, "arguments": given["arguments"]}
        return Item(wire=wire | {"status": "completed"} | call), None
    found = f"Invalid value: {kind!r}. Supported values are: 'message', 'function_call', 'function_call_output'."
    raise RefusalError("invalid_value", found, param="item.type")


def _new_message(given: dict[str, Any], wire: dict[str, Any]) -> tuple[Item, bytes | None]:
    role, parts = given.get("role"), given.get("content")
    if role not in _CONTENT_TYPES:
        found = f"Invalid value: {role!r}. Supported values are: 'user', 'assistant', 'system'."
        raise RefusalError("invalid_value", found, param="item.role")
    allowed = _CONTENT_TYPES[role]
    if not isinstance(parts, list) or not all(isinstance(part, dict) and part.get("type") in allowed for part in parts):
        message = f"Expected content parts of type {' or '.join(allowed)} for role {role}."
        raise RefusalError("invalid_value", message, param="item.content")
    content: list[dict[str, Any]] = []
    pcm = b""
    for part in parts:
        if part["type"] == "input_audio":
            pcm += decoded_audio(part.get("audio"), "item.content.audio")
            content.append({"type": "input_audio", "transcript": part.get("transcript")})
        else:
            content.append({"type": part["type"], "text": str(part.get("text") or "")})
    item = Item(wire=wire | {"status": "completed", "role": role, "content": content}, audio_ms=duration_ms(pcm))
    texts = [part.get("text") or part.get("transcript") for part in content]
    item.words = " ".join(text for text in texts if text) or None
    item.is_heard = not pcm or item.words is not None
    return item, None if item.is_heard else pcm


def truncate(item: Item, event: dict[str, Any]) -> int:
    """The assistant's item keeps that much of its audio and none of its words; returns the milliseconds kept.

    Raises:
        RefusalError: the item has no such audio; nothing was changed.
    """
    end_ms = event.get("audio_end_ms")
    if isinstance(end_ms, bool) or not isinstance(end_ms, int) or end_ms < 0:
        raise RefusalError("invalid_type", "Expected audio_end_ms as an integer not below 0.", param="audio_end_ms")
    if event.get("content_index") != 0:
        raise RefusalError("invalid_value", "Expected content_index 0, the only audio there is.", param="content_index")
    if item.role != "assistant":
        raise RefusalError("invalid_value", "Only model output audio messages can be truncated.", param="item_id")
    if not item.audio_ms or end_ms > item.audio_ms:
        message = f"Audio content of {item.audio_ms}ms is already shorter than {end_ms}ms"
        raise RefusalError("invalid_value", message, param="audio_end_ms")
    item.audio_ms = end_ms
    # The provider does not know which of the words were heard: it forgets them all.
    item.wire["content"] = [{"type": "output_audio"}]
    return end_ms
