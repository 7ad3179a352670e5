"""A kiosk that loses its connection and comes back: what is cut, what is asked again, when nobody waits any more."""

import re
from dataclasses import replace

import pytest

from jarvis.sessions import CloseReason, Limits
from tests.conftest import REPOSITORY
from tests.unit.voice_gateway.test_session import (
    START,
    instructed,
    kiosk,
    moment_after,
    ready_session,
    response_done,
    say,
    told,
    upstream,
    written,
)
from voice_gateway.effects import Finished, KioskAway, KioskBack, Tick, ToolFinished
from voice_gateway.session import VoiceSession

AWAY = moment_after(START, 2)
BACK = moment_after(START, 8)


def created(response: str) -> dict[str, object]:
    return {"type": "response.created", "response": {"id": response}}


def test_an_answer_is_cut_where_the_kiosk_fell_silent_and_said_no_second_time() -> None:
    """Truncated upstream and on record at the playback position, cancelled, and not asked for again."""
    session = ready_session()
    say(session, text="La salle ouvre à six heures du matin", ms=4000)
    kiosk(session, {"type": "kiosk.playback", "item_id": "a1", "played_ms": 2000}, AWAY)
    effects = session.receive(KioskAway(), AWAY)
    truncate, cancel = instructed(effects)
    assert (truncate["type"], truncate["audio_end_ms"]) == ("conversation.item.truncate", 2000)
    assert (cancel["type"], cancel["response_id"]) == ("response.cancel", "r1")
    turn = written(effects, "save_turn")[0]
    assert (turn["status"], turn["text"]) == ("interrupted", "La salle ouvre à")
    upstream(session, response_done(status="cancelled"), AWAY)
    effects = session.receive(KioskBack(), BACK)
    assert [event["type"] for event in told(effects)] == ["kiosk.session.resumed", "kiosk.notice"]
    assert not instructed(effects)


def test_an_answer_of_which_nothing_was_heard_is_asked_for_when_the_kiosk_is_back() -> None:
    """The member asked, the connection broke, the answer began: it is cancelled, and asked for once."""
    session = ready_session()
    session.receive(KioskAway(), AWAY)
    assert [event["type"] for event in instructed(upstream(session, created("r1"), AWAY))] == ["response.cancel"]
    upstream(session, response_done(status="cancelled"), AWAY)
    assert [event["type"] for event in instructed(session.receive(KioskBack(), BACK))] == ["response.create"]


def test_a_session_in_writing_is_still_one_when_the_kiosk_is_back() -> None:
    """A screen that was loaded anew learns the mode again, and before the notice."""
    session = ready_session()
    state = session._state
    state.plan = replace(state.plan, profile=replace(state.plan.profile, is_text_only=True))
    session.receive(KioskAway(), AWAY)
    resumed, mode, notice = told(session.receive(KioskBack(), BACK))
    assert [resumed["type"], notice["type"]] == ["kiosk.session.resumed", "kiosk.notice"]
    assert (mode["type"], mode["mode"], mode["reason"]) == ("kiosk.mode", "text", "budget")


def test_a_tool_that_ends_meanwhile_speaks_to_nobody() -> None:
    """Its result is told upstream, the answer to it waits for the kiosk."""
    session = ready_session()
    upstream(session, created("r1"))
    call = {"id": "i1", "type": "function_call", "status": "completed", "name": "x", "call_id": "c1", "arguments": "{}"}
    upstream(session, {"type": "response.output_item.done", "response_id": "r1", "item": call})
    upstream(session, response_done())
    session.receive(KioskAway(), AWAY)
    result = session.receive(ToolFinished("c1", "done", {"ok": True}), AWAY)
    assert [event["type"] for event in instructed(result)] == ["conversation.item.create"]
    assert [event["type"] for event in instructed(session.receive(KioskBack(), BACK))] == ["response.create"]


def test_the_screen_gives_up_before_the_gateway_does() -> None:
    """What the page still asks to resume, the gateway still has; it waits no longer than the contract says."""
    machine = (REPOSITORY / "voice_gateway" / "page" / "machine.js").read_text()
    found = re.search(r"export const RESUME_MS = ([\d_]+);", machine)
    assert found
    assert 14_000 <= int(found[1]) < Limits().resume_seconds * 1000 <= 15_000


@pytest.mark.parametrize("seconds", [0.5, 12.0])
def test_nobody_waits_for_ever(seconds: float) -> None:
    """After the grace the session closes as kiosk_lost, and waits for its bill no longer than any other."""
    session = ready_session(limits=Limits(resume_seconds=seconds))
    say(session)
    session.receive(KioskAway(), AWAY)
    end = moment_after(AWAY, seconds)
    assert session.deadline() == pytest.approx(end.seconds)
    effects = session.receive(Tick(), end)
    assert "response.cancel" in [event["type"] for event in instructed(effects)]
    assert not session.can_be_resumed and not session.is_finished
    effects = upstream(session, response_done(status="cancelled", usage={"total_tokens": 1}), moment_after(end, 1))
    assert written(effects, "close_session")[0]["close_reason"] == CloseReason.KIOSK_LOST
    assert any(isinstance(effect, Finished) for effect in effects)


def test_a_session_that_waits_has_its_life_back() -> None:
    """After the return the old end does not come."""
    session = ready_session()
    session.receive(KioskAway(), AWAY)
    session.receive(KioskAway(), moment_after(AWAY, 1))
    session.receive(KioskBack(), BACK)
    assert not session.receive(Tick(), moment_after(AWAY, 13))
    assert_open(session)


def assert_open(session: VoiceSession) -> None:
    """It takes sound again."""
    sound = {"type": "input_audio_buffer.append", "audio": "AAAA"}
    assert instructed(kiosk(session, sound, BACK)) == [sound]
