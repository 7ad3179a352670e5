"""What a `response.create` asks for, read against its session: settings, input, and the brain's situation.

Pure. A response made by the voice activity detector is an empty request.
"""

from collections.abc import Callable
from typing import Any

from voice_gateway.standin.brain import Situation, ToolResult
from voice_gateway.standin.conversation import Item
from voice_gateway.standin.items import RefusalError, call_of, new_item
from voice_gateway.standin.responses import ResponseSettings
from voice_gateway.standin.session_settings import Session
from voice_gateway.standin.tool_calls import Tool

Request = dict[str, Any]

_METADATA_KEYS, _METADATA_KEY_CHARACTERS, _METADATA_VALUE_CHARACTERS = 16, 64, 512


def response_settings(
    request: Request, session: Session, *, conversation_id: str | None, is_idle_prompt: bool
) -> ResponseSettings:
    """The session's settings with the request's own over them.

    Raises:
        RefusalError: the request's metadata, modalities or limit are not ones the protocol takes.
    """
    metadata = request.get("metadata")
    if metadata is not None and not _is_metadata(metadata):
        message = "Expected metadata of at most 16 strings of at most 512 characters, under keys of at most 64."
        raise RefusalError("invalid_value", message, param="response.metadata")
    modalities = request.get("output_modalities") or session["output_modalities"]
    if modalities not in (["audio"], ["text"]):
        raise RefusalError("invalid_value", "Expected ['audio'] or ['text'].", param="response.output_modalities")
    limit = request.get("max_output_tokens") or session["max_output_tokens"]
    if limit != "inf" and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise RefusalError("invalid_value", "Expected a number above 0 or 'inf'.", param="response.max_output_tokens")
    return ResponseSettings(
        output_modalities=tuple(modalities),
        max_output_tokens=limit,
        voice=session["audio"]["output"]["voice"],
        conversation_id=conversation_id,
        metadata=metadata,
        is_idle_prompt=is_idle_prompt,
    )


def response_input(request: Request, items: list[Item], *, new_id: Callable[[str], str]) -> list[Item]:
    """The items the response reads: the conversation's own list, or the request's `input` with references resolved.

    Raises:
        RefusalError: an item of `input` is malformed or a reference leads nowhere.
    """
    given = request.get("input")
    if given is None:
        return items
    if not isinstance(given, list):
        raise RefusalError("invalid_type", "Expected a list of items.", param="response.input")
    chosen: list[Item] = []
    for entry in given:
        if isinstance(entry, dict) and entry.get("type") == "item_reference":
            known = next((item for item in items if item.id == entry.get("id")), None)
            if known is None:
                message = f"The item with id '{entry.get('id')}' does not exist."
                raise RefusalError("item_reference_invalid_item_id", message, param="response.input")
            chosen.append(known)
        else:
            item, _ = new_item(entry, new_id=new_id, known=items + chosen)
            # Nobody listens to audio outside the conversation: it counts as not understood.
            item.is_heard = True
            chosen.append(item)
    return chosen


def situation(request: Request, session: Session, items: list[Item], *, is_idle_prompt: bool) -> Situation:
    """What the brain must know to answer `items` as they stand now."""
    choice = request.get("tool_choice", session["tool_choice"])
    answers = [item for item in items if item.role == "assistant"]
    # A call is the assistant's move too: the words that caused it must not cause it again.
    moves = [
        index for index, item in enumerate(items) if item.role == "assistant" or item.wire["type"] == "function_call"
    ]
    unanswered = [item for item in items[moves[-1] + 1 if moves else 0 :] if item.role == "user"]
    words = [item.words for item in unanswered if item.words]
    return Situation(
        instructions=str(request.get("instructions") or session["instructions"] or ""),
        member_words=" ".join(words) or None,
        is_understood=not unanswered or bool(words),
        has_spoken=any(item.role == "user" for item in items),
        is_idle=is_idle_prompt,
        tools=() if choice == "none" else _tools(request.get("tools", session["tools"])),
        forced_tool=choice.get("name") if isinstance(choice, dict) else None,
        tool_result=_tool_result(items),
        previous_answer=_text(answers[-1]) if answers else "",
        answer_count=len(answers),
    )


def _is_metadata(metadata: object) -> bool:
    return (
        isinstance(metadata, dict)
        and len(metadata) <= _METADATA_KEYS
        and all(len(key) <= _METADATA_KEY_CHARACTERS for key in metadata)
        and all(isinstance(value, str) and len(value) <= _METADATA_VALUE_CHARACTERS for value in metadata.values())
    )


def _tools(offered: object) -> tuple[Tool, ...]:
    return tuple(
        Tool(name=str(tool["name"]), parameters=tool.get("parameters") or {})
        for tool in (offered if isinstance(offered, list) else [])
        if isinstance(tool, dict) and tool.get("type") == "function" and tool.get("name")
    )


def _tool_result(items: list[Item]) -> ToolResult | None:
    if not items or items[-1].wire["type"] != "function_call_output":
        return None
    call = call_of(items[-1].wire["call_id"], items)
    return ToolResult(name=call.wire["name"] if call else "", output=items[-1].wire["output"])


def _text(item: Item) -> str:
    return "".join(part.get("transcript") or part.get("text") or "" for part in item.wire["content"])
