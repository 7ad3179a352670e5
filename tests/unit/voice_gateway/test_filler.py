"""What is heard while a tool takes its time: one sentence, never over an answer, and the answer after it."""

from typing import Any

from jarvis.sessions import Limits
from tests.unit.voice_gateway.test_session import (
    START,
    function_call,
    instructed,
    moment_after,
    ready_session,
    response_done,
    told,
    upstream,
)
from voice_gateway.effects import Effect, Tick, ToolFinished
from voice_gateway.session import VoiceSession

LATER = moment_after(START, 2.0)


def looking_up(*, is_kiosk: bool = True) -> VoiceSession:
    """A session in which a tool has begun to run."""
    session = ready_session(is_kiosk=is_kiosk, limits=Limits(tool_filler_seconds=2.0))
    upstream(session, {"type": "response.created", "response": {"id": "r1"}})
    upstream(session, function_call("call_1"))
    upstream(session, response_done())
    return session


def asked(effects: list[Effect]) -> list[dict[str, Any]]:
    return [event for event in instructed(effects) if event["type"] == "response.create"]


def begin_filler(session: VoiceSession) -> None:
    """The sentence is being said."""
    (create,) = asked(session.receive(Tick(), LATER))
    metadata = create["response"]["metadata"]
    upstream(session, {"type": "response.created", "response": {"id": "filler", "metadata": metadata}}, LATER)


def test_a_slow_tool_is_filled_once_and_outside_the_conversation() -> None:
    """Due after the soft time-out and not before; asked for as a response that the model forgets."""
    session = looking_up()
    assert session.deadline() == LATER.seconds
    assert asked(session.receive(Tick(), moment_after(START, 1.9))) == []
    (create,) = asked(session.receive(Tick(), LATER))
    assert create["response"]["conversation"] == "none"
    assert "Un instant, je regarde…" in create["response"]["instructions"]
    assert create["response"]["tools"] == [] and create["response"]["metadata"] == {"jarvis_filler": "true"}
    assert asked(session.receive(Tick(), moment_after(START, 4.0))) == []


def test_a_quick_tool_is_not_filled() -> None:
    """The answer is asked for at once, and nothing is due any more."""
    session = looking_up()
    (create,) = asked(session.receive(ToolFinished("call_1", "done", {"ok": True}), START))
    assert "response" not in create
    assert asked(session.receive(Tick(), LATER)) == []


def test_the_answer_waits_for_the_end_of_the_sentence() -> None:
    """Two voices at once are none: one response after the other, whichever way they meet."""
    session = looking_up()
    (asked_for,) = asked(session.receive(Tick(), LATER))
    # Before the upstream has even begun it.
    assert asked(session.receive(ToolFinished("call_1", "done", {"ok": True}), LATER)) == []
    metadata = asked_for["response"]["metadata"]
    upstream(session, {"type": "response.created", "response": {"id": "filler", "metadata": metadata}}, LATER)
    effects = upstream(session, response_done("filler", metadata=metadata), LATER)
    (answer,) = asked(effects)
    assert "response" not in answer
    (done,) = [event for event in told(effects) if event["type"] == "response.done"]
    assert done["response"]["metadata"]["jarvis_continues"] == "true"


def test_a_sentence_that_ends_before_the_tool_asks_for_nothing() -> None:
    """The answer is asked for when the tool has it."""
    session = looking_up()
    begin_filler(session)
    assert asked(upstream(session, response_done("filler"), LATER)) == []
    assert len(asked(session.receive(ToolFinished("call_1", "done", {"ok": True}), LATER))) == 1


def test_nothing_is_said_over_a_response_or_a_member() -> None:
    """While somebody speaks there is no silence to fill."""
    answering = looking_up()
    upstream(answering, {"type": "response.created", "response": {"id": "r2"}})
    assert asked(answering.receive(Tick(), LATER)) == []
    speaking = looking_up()
    upstream(speaking, {"type": "input_audio_buffer.speech_started", "item_id": "u2"})
    assert asked(speaking.receive(Tick(), LATER)) == []


def test_a_member_who_speaks_stops_the_sentence() -> None:
    """The upstream stops by itself only what belongs to the conversation."""
    session = looking_up()
    begin_filler(session)
    effects = upstream(session, {"type": "input_audio_buffer.speech_started", "item_id": "u2"}, LATER)
    (cancel,) = [event for event in instructed(effects) if event["type"] == "response.cancel"]
    assert cancel["response_id"] == "filler"


def test_a_refused_sentence_does_not_hold_the_answer_back() -> None:
    """The upstream's error about it ends the wait."""
    session = looking_up()
    (create,) = asked(session.receive(Tick(), LATER))
    session.receive(ToolFinished("call_1", "done", {"ok": True}), LATER)
    refusal = {
        "type": "error",
        "error": {"code": "conversation_already_has_active_response", "event_id": create["event_id"]},
    }
    effects = upstream(session, refusal, LATER)
    assert len(asked(effects)) == 1
    assert [event["type"] for event in told(effects)] == []


def test_a_stock_client_hears_it_as_speech() -> None:
    """No event of ours, and no mark that only our kiosks know."""
    session = looking_up(is_kiosk=False)
    begin_filler(session)
    effects = upstream(session, response_done("filler"), LATER)
    assert "jarvis_continues" not in str(told(effects))
