"""Every event of the GA protocol, as the installed SDK lists them, has its treatment in the gateway."""

import json
from typing import Any, get_args

import pytest
from openai.types.realtime import RealtimeClientEvent, RealtimeServerEvent

from tests.unit.voice_gateway.test_session import START, instructed, kiosk, new_session, ready_session, told
from voice_gateway.effects import Opened, ToKiosk, UpstreamOpened, UpstreamSent
from voice_gateway.protocol.kiosk import FrameError, allowed

# What clients never see, and what they see without our prompt and tools. All others are relayed as they came.
HIDDEN = {"response.function_call_arguments.delta", "response.function_call_arguments.done"}
REWRITTEN = {"session.created", "session.updated"}

REFUSED = {"output_audio_buffer.clear": "not_over_a_websocket"}
CLIENT_EVENTS: dict[str, dict[str, Any]] = {
    "conversation.item.create": {
        "item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Bonjour"}]}
    },
    "conversation.item.delete": {"item_id": "item_1"},
    "conversation.item.retrieve": {"item_id": "item_1"},
    "conversation.item.truncate": {"item_id": "item_1", "content_index": 0, "audio_end_ms": 100},
    "input_audio_buffer.append": {"audio": "AAAA"},
    "input_audio_buffer.clear": {},
    "input_audio_buffer.commit": {},
    "response.cancel": {},
    "response.create": {},
    "session.update": {"session": {"type": "realtime"}},
}


def types_of(union: Any) -> list[str]:
    """The `type` of every event of one of the SDK's unions."""
    members = get_args(get_args(union)[0])
    return sorted(name for member in members for name in get_args(member.model_fields["type"].annotation))


SERVER_TYPES, CLIENT_TYPES = types_of(RealtimeServerEvent), types_of(RealtimeClientEvent)


def test_the_sdk_lists_the_protocol() -> None:
    """The two lists are not empty, and hold what the gateway treats in its own way."""
    assert len(SERVER_TYPES) >= 46 and len(CLIENT_TYPES) >= 11
    assert set(SERVER_TYPES) >= HIDDEN | REWRITTEN
    assert set(CLIENT_TYPES) == CLIENT_EVENTS.keys() | REFUSED.keys()


@pytest.mark.parametrize("kind", [*sorted(set(SERVER_TYPES) - REWRITTEN), "response.of_the_future.delta"])
def test_a_server_event_is_relayed_as_it_came_unless_it_shows_what_is_ours(kind: str) -> None:
    """Byte for byte, also with fields nobody knows; tool arguments stay hidden."""
    frame = json.dumps(
        {
            "type": kind, "event_id": "event_1", "item_id": "item_9", "response_id": "resp_9", "content_index": 0,
            "of_the_future": {"é": [1.50, None]},
        },
        indent=1,
    )  # fmt: skip
    effects = ready_session(is_kiosk=False).receive(UpstreamSent(json.loads(frame), frame), START)
    frames = [effect.text for effect in effects if isinstance(effect, ToKiosk)]
    if kind in HIDDEN:
        assert frames == []
    else:
        assert frames == [frame]


@pytest.mark.parametrize("kind", sorted(REWRITTEN))
def test_the_effective_session_is_shown_without_prompt_and_tools(kind: str) -> None:
    """All else is as the upstream has it."""
    session = {"type": "realtime", "id": "sess_1", "instructions": "Tu es Jarvis.", "tools": [{"name": "x"}], "new": 1}
    event = {"type": kind, "event_id": "event_1", "session": session}
    opened = new_session(is_kiosk=False)
    opened.receive(Opened(None), START)
    opened.receive(UpstreamOpened(), START)
    # The first comes to a session that is opening, the other to one that is open.
    session_at_work = opened if kind == "session.created" else ready_session(is_kiosk=False)
    effects = session_at_work.receive(UpstreamSent(event, json.dumps(event)), START)
    assert told(effects) == [{**event, "session": {**session, "instructions": "", "tools": []}}]


@pytest.mark.parametrize("kind", CLIENT_TYPES)
def test_a_client_event_goes_upstream_or_is_refused_by_name(kind: str) -> None:
    """Its own event id goes with it: errors about it carry that id."""
    event = {"type": kind, "event_id": "mine_1", **CLIENT_EVENTS.get(kind, {})}
    if kind in REFUSED:
        with pytest.raises(FrameError) as refused:
            allowed(event)
        assert refused.value.code == REFUSED[kind] and refused.value.event_id == "mine_1"
        return
    if kind == "conversation.item.truncate":
        # Of an item that nobody knows: the upstream's to refuse.
        assert instructed(kiosk(ready_session(), event)) == [event]
        return
    assert allowed(event) == event
    assert instructed(kiosk(ready_session(), event)) == [event]


def test_a_response_keeps_only_what_a_client_may_decide() -> None:
    """Instructions, tools, input and an out-of-band conversation are not taken; metadata and modality are."""
    response = {
        "instructions": "Obéis", "tools": [{"type": "mcp", "server_url": "https://elsewhere.example"}],
        "input": [], "conversation": "none", "max_output_tokens": "inf", "prompt": {"id": "p"},
        "metadata": {"client_event_id": "x"}, "output_modalities": ["text"],
    }  # fmt: skip
    kept = allowed({"type": "response.create", "response": response})
    assert kept["response"] == {"metadata": {"client_event_id": "x"}, "output_modalities": ["text"]}


def test_a_session_update_keeps_only_what_a_client_may_decide() -> None:
    """Instructions, tools, model, voice, limits, transcription and tracing are accepted and ignored."""
    session = {
        "type": "realtime", "model": "gpt-realtime-2.1", "instructions": "Obéis", "tools": [{"type": "mcp"}],
        "tool_choice": "required", "tracing": "auto", "max_output_tokens": "inf", "truncation": "disabled",
        "prompt": {"id": "p"}, "include": ["x"], "output_modalities": ["audio"],
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24000}, "transcription": {"model": "whisper-1"},
                "noise_reduction": None,
                "turn_detection": {"type": "server_vad", "silence_duration_ms": 300, "idle_timeout_ms": 5000},
            },
            "output": {"voice": "cedar", "speed": 1.5, "format": {"type": "audio/pcm"}},
        },
    }  # fmt: skip
    assert allowed({"type": "session.update", "session": session})["session"] == {
        "type": "realtime",
        "output_modalities": ["audio"],
        "audio": {"input": {"turn_detection": {"type": "server_vad", "silence_duration_ms": 300}}},
    }


@pytest.mark.parametrize("side", ["input", "output"])
@pytest.mark.parametrize("given", ["pcm16", {"type": "audio/pcmu"}, {"type": "audio/pcm", "rate": 16000}])
def test_another_audio_format_is_refused(side: str, given: object) -> None:
    """Ignoring it would turn every word into noise."""
    with pytest.raises(FrameError) as refused:
        allowed({"type": "session.update", "session": {"type": "realtime", "audio": {side: {"format": given}}}})
    assert refused.value.code == "format_not_allowed"


def test_an_items_own_id_and_place_are_kept() -> None:
    """Clients find their item again by the id they chose."""
    item = {"id": "mine", "type": "message", "role": "user", "content": [{"type": "input_text", "text": "Bonjour"}]}
    event = {"type": "conversation.item.create", "previous_item_id": "item_1", "item": item}
    assert allowed(event) == event
