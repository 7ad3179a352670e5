"""A gym's month that is spent while somebody talks: the session goes on in writing, and nobody is cut off."""

from tests.unit.voice_gateway.test_session import (
    START,
    instructed,
    kiosk,
    ready_session,
    response_done,
    told,
    upstream,
)
from voice_gateway.effects import BudgetSpent, LookAtBudget, Persist

SOUND = {"type": "input_audio_buffer.append", "audio": "AAAA"}
IN_WRITING = {"type": "realtime", "output_modalities": ["text"]}


def test_each_bill_has_the_month_looked_at_once_it_is_on_record() -> None:
    """Once an answer, never a frame; and no more once the session is in writing."""
    session = ready_session()
    delta = {"type": "response.output_audio_transcript.delta", "item_id": "a1", "delta": "La salle"}
    assert LookAtBudget not in [type(effect) for effect in upstream(session, delta)]
    effects = upstream(session, response_done())
    kinds = [type(effect) for effect in effects]
    assert kinds.count(LookAtBudget) == 1
    assert kinds.index(Persist) < kinds.index(LookAtBudget)
    session.receive(BudgetSpent(), START)
    assert LookAtBudget not in [type(effect) for effect in upstream(session, response_done("r2"))]


def test_a_spent_month_puts_the_session_in_writing() -> None:
    """The kiosk is told once, the upstream answers in text, sound is refused; a client cannot ask for sound again."""
    session = ready_session()
    audible = {"type": "realtime", "output_modalities": ["audio"]}
    kiosk(session, {"type": "session.update", "session": audible})
    upstream(session, {"type": "session.updated", "session": audible})
    effects = session.receive(BudgetSpent(), START)
    assert [(event["type"], event["mode"], event["reason"]) for event in told(effects)] == [
        ("kiosk.mode", "text", "budget")
    ]
    assert [event["session"] for event in instructed(effects)] == [IN_WRITING]
    # The upstream's answer to that is ours, and shows the client what holds.
    upstream(session, {"type": "session.updated", "session": IN_WRITING})
    assert [event["error"]["code"] for event in told(kiosk(session, SOUND))] == ["text_only"]
    assert session.receive(BudgetSpent(), START) == []
    assert session._state.client_settings.get("output_modalities") is None


def test_whoever_is_speaking_is_heard_out() -> None:
    """A sentence that was begun is finished and answered; the bill of that answer asks again."""
    session = ready_session()
    upstream(session, {"type": "input_audio_buffer.speech_started", "item_id": "u1", "audio_start_ms": 0})
    assert session.receive(BudgetSpent(), START) == []
    upstream(session, {"type": "input_audio_buffer.committed", "item_id": "u1"})
    assert [event["type"] for event in told(session.receive(BudgetSpent(), START))] == ["kiosk.mode"]
