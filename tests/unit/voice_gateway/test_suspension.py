"""A gym that is suspended while somebody talks: told once, in their language; heard out for seconds, then closed."""

import pytest

from jarvis.sessions import CloseReason
from tests.unit.voice_gateway.test_session import (
    START,
    kiosk,
    moment_after,
    ready_session,
    response_done,
    told,
    upstream,
)
from voice_gateway.conversation.suspension import LAST_WORDS_SECONDS
from voice_gateway.effects import GymSuspended, KioskAway, Tick


def test_a_session_between_two_turns_closes_at_once() -> None:
    """The sentence comes before the close, and the close is on record as the operator's."""
    session = ready_session()
    events = told(session.receive(GymSuspended(), START))
    assert [event["type"] for event in events] == ["error", "kiosk.session.closed"]
    assert events[0]["error"]["code"] == "gym_suspended"
    assert "suspendu dans cette salle" in events[0]["error"]["message"]
    assert session.close_reason is CloseReason.OPERATOR


@pytest.mark.parametrize(
    ("language", "words"), [("en", "suspended in this gym"), ("es", "suspendido en este gimnasio")]
)
def test_the_member_reads_it_in_the_session_s_language(language: str, words: str) -> None:
    """Also after the language was changed in mid-session."""
    session = ready_session()
    kiosk(session, {"type": "kiosk.language", "language": language})
    assert words in told(session.receive(GymSuspended(), START))[0]["error"]["message"]


def test_an_answer_under_way_is_heard_to_its_end() -> None:
    """The session goes on until its answer is done; said once, however often it is asked for."""
    session = ready_session()
    upstream(session, {"type": "response.created", "response": {"id": "r1"}})
    assert [event["type"] for event in told(session.receive(GymSuspended(), START))] == ["error"]
    assert session.receive(GymSuspended(), START) == []
    assert session.close_reason is None
    upstream(session, response_done("r1"))
    assert session.close_reason is CloseReason.OPERATOR


def test_an_answer_without_end_is_cut_after_some_seconds() -> None:
    """The deadline is kept although the upstream says nothing any more."""
    session = ready_session()
    upstream(session, {"type": "response.created", "response": {"id": "r1"}})
    session.receive(GymSuspended(), START)
    assert session.deadline() == START.seconds + LAST_WORDS_SECONDS
    session.receive(Tick(), moment_after(START, LAST_WORDS_SECONDS - 0.1))
    assert session.close_reason is None
    session.receive(Tick(), moment_after(START, LAST_WORDS_SECONDS))
    assert session.close_reason is CloseReason.OPERATOR


def test_a_member_in_mid_sentence_is_not_cut_short() -> None:
    """Speech that was begun counts as a turn; a kiosk that went away meanwhile does not."""
    session = ready_session()
    upstream(session, {"type": "input_audio_buffer.speech_started", "item_id": "u1", "audio_start_ms": 0})
    session.receive(GymSuspended(), START)
    assert session.close_reason is None
    session.receive(KioskAway(), START)
    assert session.close_reason is CloseReason.OPERATOR
