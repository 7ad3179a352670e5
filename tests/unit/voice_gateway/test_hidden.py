"""Tool items are hidden, and the chain of items is whole without them."""

from typing import Any

import pytest

from tests.unit.voice_gateway.test_session import kiosk, ready_session, told, upstream
from voice_gateway.hidden import HiddenItems

CALL = {"id": "item_call", "type": "function_call", "status": "completed", "name": "x", "call_id": "c", "arguments": ""}
OUTPUT = {"id": "item_output", "type": "function_call_output", "call_id": "c", "output": "{}"}
ANSWER = {"id": "item_answer", "type": "message", "status": "in_progress", "role": "assistant", "content": []}


def added(item: dict[str, Any], after: str | None) -> dict[str, Any]:
    return {"type": "conversation.item.added", "event_id": "e", "previous_item_id": after, "item": item}


def test_an_answer_after_a_tool_follows_the_members_words() -> None:
    """Call and output between them are seen by nobody."""
    session = ready_session()
    hidden = upstream(session, {"type": "response.output_item.added", "response_id": "r", "item": CALL})
    hidden += upstream(session, added(CALL, "item_member"))
    # The provider does not always name the item before one that is done.
    hidden += upstream(session, {**added(CALL, None), "type": "conversation.item.done"})
    hidden += upstream(session, added(OUTPUT, "item_call"))
    assert told(hidden) == []
    [seen] = told(upstream(session, added(ANSWER, "item_output")))
    assert seen["previous_item_id"] == "item_member"
    [committed] = told(
        upstream(session, {"type": "input_audio_buffer.committed", "item_id": "u2", "previous_item_id": "item_output"})
    )
    assert committed["previous_item_id"] == "item_member"


def test_the_first_item_of_all_may_be_a_tools() -> None:
    """What follows it follows nothing, and two that name one another are no endless chain."""
    hidden = HiddenItems()
    hidden.covers(added(CALL, "item_output"))
    hidden.covers(added(OUTPUT, "item_call"))
    assert '"previous_item_id":null' in hidden.shown(added(ANSWER, "item_output"), "")
    hidden.covers(added({**CALL, "id": "first"}, None))
    assert '"previous_item_id":null' in hidden.shown(added(ANSWER, "first"), "")


@pytest.mark.parametrize("verb", ["retrieve", "delete", "truncate"])
def test_a_hidden_item_does_not_exist_for_a_client(verb: str) -> None:
    """Who guesses its id gets the provider's own error, and nothing goes upstream."""
    session = ready_session()
    upstream(session, added(CALL, None))
    event = {"type": f"conversation.item.{verb}", "event_id": "mine", "item_id": "item_call", "audio_end_ms": 1}
    [error] = told(kiosk(session, event))
    assert error["error"]["code"] == f"item_{verb}_invalid_item_id" and error["error"]["event_id"] == "mine"
