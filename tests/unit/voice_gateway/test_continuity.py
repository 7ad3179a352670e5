"""A session that outlives its upstream: retries with a budget, carries what was said, and renews in time."""

import base64
from typing import Any

import pytest

from jarvis.sessions import CloseReason, Limits
from tests.unit.voice_gateway.test_session import (
    LEA,
    START,
    function_call,
    instructed,
    kiosk,
    moment_after,
    new_session,
    ready_session,
    response_done,
    say,
    told,
    upstream,
    written,
)
from voice_gateway.apologies import Trouble, apology
from voice_gateway.continuity import Line, Memory, Said, merged
from voice_gateway.effects import (
    Dial,
    Effect,
    HangUp,
    Moment,
    Opened,
    RunTool,
    Tick,
    ToolFinished,
    ToUpstream,
    UpstreamLost,
    UpstreamOpened,
    UpstreamSent,
)
from voice_gateway.protocol.realtime import text_of
from voice_gateway.session import VoiceSession


def from_leg(session: VoiceSession, leg: int, event: dict[str, Any], now: Moment = START) -> list[Effect]:
    return session.receive(UpstreamSent(event, text_of(event), leg), now)


def dials(effects: list[Effect]) -> list[Dial]:
    return [effect for effect in effects if isinstance(effect, Dial)]


def back(session: VoiceSession, leg: int = 2, now: Moment = START) -> list[Effect]:
    """The upstream took a new connection and our settings; what was done then."""
    session.receive(UpstreamOpened(leg), now)
    from_leg(session, leg, {"type": "session.created", "session": {"id": f"sess_{leg}"}}, now)
    return from_leg(session, leg, {"type": "session.updated", "session": {}}, now)


def member_says(session: VoiceSession, text: str, *, item: str = "u1", now: Moment = START) -> None:
    upstream(session, {"type": "input_audio_buffer.speech_started", "item_id": item}, now)
    upstream(session, {"type": "input_audio_buffer.speech_stopped", "item_id": item}, now)
    upstream(session, {"type": "input_audio_buffer.committed", "item_id": item}, now)
    done = {"type": "conversation.item.input_audio_transcription.completed", "item_id": item, "transcript": text}
    upstream(session, done, now)


def carried(effects: list[Effect]) -> list[dict[str, Any]]:
    """The items that a new upstream was told, in short."""
    return [
        event["item"]["content"][0] if event["item"]["type"] == "message" else event["item"]
        for event in instructed(effects)
        if event["type"] == "conversation.item.create"
    ]


def test_a_lost_upstream_is_dialled_again_and_the_kiosk_is_told_the_truth() -> None:
    """The session stays open, a French sentence goes to the captions, and the half answer is over."""
    session = ready_session()
    member_says(session, "Bonjour")
    say(session)
    effects = session.receive(UpstreamLost("the connection ended with 1006"), START)
    done, state = told(effects)
    assert (done["type"], done["response"]["status"]) == ("response.done", "failed")
    assert done["response"]["metadata"] == {"jarvis_continues": "true"}
    assert (state["state"], state["message"]) == ("retrying", apology(Trouble.RETRYING, "fr"))
    assert dials(effects) == [Dial(2, 0.5)]
    assert session.close_reason is None and not written(effects, "close_session")


def test_a_new_upstream_is_told_what_was_said_and_done() -> None:
    """Our settings, then every turn as text and each tool call with its output; no greeting, no tool run twice."""
    session = ready_session()
    member_says(session, "Quels sont les horaires ?")
    upstream(session, function_call("c1", '{"day": "lundi"}'))
    upstream(session, response_done())
    session.receive(ToolFinished("c1", "done", {"open": "06:00"}), START)
    say(session, item="a1", response="r2", text="Nous ouvrons à six heures")
    upstream(session, response_done("r2"))
    session.receive(UpstreamLost("gone"), START)
    settings = instructed(session.receive(UpstreamOpened(2), START))
    assert [event["type"] for event in settings] == ["session.update"]
    assert settings[0]["session"]["instructions"] == "Tu es Jarvis."
    effects = from_leg(session, 2, {"type": "session.updated", "session": {}})
    assert carried(effects) == [
        {"type": "input_text", "text": "Quels sont les horaires ?"},
        {"type": "function_call", "call_id": "c1", "name": "get_opening_hours", "arguments": '{"day":"lundi"}'},
        {"type": "function_call_output", "call_id": "c1", "output": '{"open":"06:00"}'},
        {"type": "output_text", "text": "Nous ouvrons à six heures"},
    ]
    assert all(event["type"] != "response.create" for event in instructed(effects))
    assert [(event["type"], event["state"]) for event in told(effects)] == [("kiosk.upstream", "ready")]
    assert {effect.leg for effect in effects if isinstance(effect, ToUpstream)} == {2}
    assert not any(isinstance(effect, RunTool) for effect in effects)


def test_a_new_upstreams_echoes_are_no_turns() -> None:
    """It confirms the items it was told: the kiosk has them, and so has the record."""
    session = ready_session()
    member_says(session, "Bonjour")
    session.receive(UpstreamLost("gone"), START)
    item = next(event["item"] for event in instructed(back(session)) if "item" in event)
    for kind in ("conversation.item.added", "conversation.item.done"):
        effects = from_leg(session, 2, {"type": kind, "item": item})
        assert told(effects) == [] and not written(effects, "save_turn")


def test_an_answer_that_was_owed_is_asked_for_again() -> None:
    """The member asked, the upstream went before it answered: the next one is asked."""
    session = ready_session()
    member_says(session, "Où sont les vestiaires ?")
    upstream(session, {"type": "response.created", "response": {"id": "r1"}})
    session.receive(UpstreamLost("gone"), START)
    assert [event["type"] for event in instructed(back(session))] == ["conversation.item.create", "response.create"]


def test_words_that_went_with_the_upstream_are_asked_for_not_answered() -> None:
    """Spoken, not transcribed, lost: the turn is on record as failed, and the kiosk asks the member to repeat."""
    session = ready_session()
    upstream(session, {"type": "input_audio_buffer.speech_started", "item_id": "u1"})
    upstream(session, {"type": "input_audio_buffer.committed", "item_id": "u1"})
    effects = session.receive(UpstreamLost("gone"), START)
    assert [turn["status"] for turn in written(effects, "save_turn")] == ["failed"]
    effects = back(session)
    assert not instructed(effects)
    assert told(effects)[0]["message"] == apology(Trouble.BACK, "fr")


def test_a_tool_that_ends_during_the_outage_is_told_with_the_rest() -> None:
    """Its output is on record at once and goes to the next upstream, which is asked for the answer."""
    session = ready_session()
    member_says(session, "Le tapis 4 est en panne")
    upstream(session, function_call("c1"))
    upstream(session, response_done())
    session.receive(UpstreamLost("gone"), START)
    finished = session.receive(ToolFinished("c1", "done", {"ok": True}), START)
    assert written(finished, "finish_tool_call") and not instructed(finished)
    effects = back(session)
    assert [item.get("type") for item in carried(effects)] == ["input_text", "function_call", "function_call_output"]
    assert instructed(effects)[-1]["type"] == "response.create"


def test_a_tool_that_ends_after_the_outage_answers_its_own_call() -> None:
    """The call was carried without an output; the output follows when it is there, and one answer is asked for."""
    session = ready_session()
    member_says(session, "Le tapis 4 est en panne")
    upstream(session, function_call("c1"))
    upstream(session, response_done())
    session.receive(UpstreamLost("gone"), START)
    assert [event["type"] for event in instructed(back(session))] == ["conversation.item.create"] * 2
    effects = session.receive(ToolFinished("c1", "done", {"ok": True}), START)
    assert [event["type"] for event in instructed(effects)] == ["conversation.item.create", "response.create"]


def test_an_interrupted_answer_is_carried_as_it_was_heard() -> None:
    """The new upstream must not believe that the member heard the end."""
    session = ready_session()
    say(session, text="La salle ouvre à six heures du matin", ms=4000)
    kiosk(session, {"type": "kiosk.playback", "item_id": "a1", "played_ms": 2000})
    upstream(session, {"type": "input_audio_buffer.speech_started", "item_id": "u2"})
    upstream(session, response_done())
    session.receive(UpstreamLost("gone"), START)
    assert carried(back(session)) == [{"type": "output_text", "text": "La salle ouvre à"}]


def test_what_the_member_says_meanwhile_is_kept() -> None:
    """Frames wait for the next upstream, behind the context."""
    session = ready_session()
    session.receive(UpstreamLost("gone"), START)
    assert not instructed(kiosk(session, {"type": "input_audio_buffer.append", "audio": "AAAA"}))
    assert instructed(back(session)) == [{"type": "input_audio_buffer.append", "audio": "AAAA"}]


def test_a_client_keeps_the_settings_it_chose() -> None:
    """What it set in session.update is part of the next upstream's settings."""
    session = ready_session()
    chosen = {"type": "realtime", "output_modalities": ["text"], "audio": {"input": {"turn_detection": None}}}
    kiosk(session, {"type": "session.update", "session": chosen})
    session.receive(UpstreamLost("gone"), START)
    update = instructed(session.receive(UpstreamOpened(2), START))[0]["session"]
    assert update["output_modalities"] == ["text"]
    assert update["audio"]["input"]["turn_detection"] is None
    assert update["audio"]["input"]["transcription"]["language"] == "fr"
    effects = from_leg(session, 2, {"type": "session.updated", "session": {}})
    assert "session.updated" in [event["type"] for event in told(effects)]  # the answer it waits for


def test_a_truncation_of_an_answer_of_another_upstream_is_settled_here() -> None:
    """The serving one never had its sound and would only refuse; the client is answered, the turn is cut."""
    session = ready_session()
    say(session, text="La salle ouvre à six heures du matin", ms=4000)
    upstream(session, response_done())
    session.receive(UpstreamLost("gone"), START)
    back(session)
    cut = {"type": "conversation.item.truncate", "item_id": "a1", "content_index": 0, "audio_end_ms": 2000}
    effects = kiosk(session, cut)
    assert not instructed(effects)
    assert [event["type"] for event in told(effects)] == ["conversation.item.truncated"]
    assert written(effects, "save_turn")[0]["text"] == "La salle ouvre à"


def test_five_tries_with_growing_pauses_then_the_session_is_over() -> None:
    """0.5, 1, 2, 4 and 8 seconds; then the kiosk is told that nothing more comes, and why."""
    session = new_session()
    effects = session.receive(Opened(LEA), START)
    pauses = [dial.after_seconds for dial in dials(effects)]
    for leg in range(1, 6):
        effects = session.receive(UpstreamLost("refused", leg), START)
        pauses += [dial.after_seconds for dial in dials(effects)]
        assert told(effects)[-1]["state"] == "retrying"
    effects = session.receive(UpstreamLost("refused", 6), START)
    assert pauses == [0, 0.5, 1, 2, 4, 8]
    assert told(effects)[0]["message"] == apology(Trouble.LOST, "fr")
    assert written(effects, "close_session")[0]["close_reason"] == "provider_lost"


def test_an_upstream_that_drops_every_connection_has_a_budget_for_life() -> None:
    """Each reconnection succeeds and is lost again: the session ends all the same."""
    session = ready_session(limits=Limits(reconnects=3))
    for leg in (1, 2, 3):
        assert dials(session.receive(UpstreamLost("gone", leg), START)) == [Dial(leg + 1, 0.5)]
        back(session, leg + 1)
    session.receive(UpstreamLost("gone", 4), START)
    assert session.close_reason is CloseReason.PROVIDER_LOST


@pytest.mark.parametrize("code", ["insufficient_quota", "invalid_api_key", "account_deactivated"])
def test_what_another_try_cannot_mend_is_not_tried_again(code: str) -> None:
    """A fatal error ends the session at once, with the honest sentence."""
    session = ready_session()
    effects = upstream(session, {"type": "error", "error": {"code": code, "message": "…"}})
    assert not dials(effects)
    assert [event["type"] for event in told(effects)] == ["error", "kiosk.upstream", "kiosk.session.closed"]
    assert told(effects)[1]["message"] == apology(Trouble.LOST, "fr")


def test_an_expired_session_is_replaced() -> None:
    """`session_expired` is no fault of the member's: the connection is hung up and another dialled."""
    session = ready_session()
    effects = upstream(session, {"type": "error", "error": {"code": "session_expired"}})
    assert HangUp(1) in effects and dials(effects) == [Dial(2, 0.5)]
    assert session.receive(UpstreamLost("the connection ended", 1), START) == []


def test_a_silent_upstream_is_hung_up_and_replaced() -> None:
    """An answer was begun and nothing comes for 15 seconds: the socket may be open, the answer will not come."""
    session = ready_session()
    say(session)
    effects = session.receive(Tick(), moment_after(START, 15))
    assert HangUp(1) in effects and dials(effects) == [Dial(2, 0.5)]


def test_the_connection_is_renewed_between_two_turns() -> None:
    """The next one is made first; it takes over when nobody has spoken for a second; the kiosk notices nothing."""
    session = ready_session(limits=Limits(idle_seconds=9000, personal_idle_seconds=9000, max_seconds=9000))
    member_says(session, "Bonjour")
    due = moment_after(START, 3000)
    session.receive(UpstreamOpened(1), START)
    upstream(session, {"type": "session.updated", "session": {}})
    assert dials(session.receive(Tick(), due)) == [Dial(2)]
    speaking = {"type": "input_audio_buffer.speech_started", "item_id": "u2"}
    upstream(session, speaking, due)
    assert not told(session.receive(UpstreamOpened(2), due))
    assert told(from_leg(session, 2, {"type": "session.created", "session": {"id": "s2"}}, due)) == []
    effects = from_leg(session, 2, {"type": "session.updated", "session": {}}, moment_after(due, 5))
    assert told(effects) == [] and HangUp(1) not in effects
    later = moment_after(due, 10)
    upstream(session, {"type": "input_audio_buffer.committed", "item_id": "u2"}, later)
    words = {"type": "conversation.item.input_audio_transcription.completed", "item_id": "u2", "transcript": "Merci"}
    upstream(session, words, later)
    for sound in ("AAAA", "BBBB"):
        kiosk(session, {"type": "input_audio_buffer.append", "audio": sound}, later)
    assert HangUp(1) not in session.receive(Tick(), moment_after(later, 0.5))
    effects = session.receive(Tick(), moment_after(later, 1))
    assert HangUp(1) in effects and told(effects) == []
    assert [item["text"] for item in carried(effects)] == ["Bonjour", "Merci"]
    assert [event["audio"] for event in instructed(effects) if "audio" in event] == ["AAAA", "BBBB"]
    assert upstream(session, {"type": "response.sparkle"}, later) == []  # the old leg has nothing to say any more
    assert told(from_leg(session, 2, {"type": "response.sparkle"}, later))


def test_a_replacement_that_cannot_be_had_leaves_the_session_as_it_is() -> None:
    """The old connection serves on, and another is tried half a minute later."""
    session = ready_session(
        limits=Limits(idle_seconds=9000, personal_idle_seconds=9000, max_seconds=9000, recycle_seconds=100)
    )
    due = moment_after(START, 100)
    assert dials(session.receive(Tick(), due)) == [Dial(2)]
    effects = session.receive(UpstreamLost("refused", 2), due)
    assert told(effects) == [] and not dials(effects)
    assert session.deadline() == due.seconds + 30
    assert dials(session.receive(Tick(), moment_after(due, 30))) == [Dial(3)]


def test_a_replacement_that_is_ready_takes_over_from_a_lost_connection() -> None:
    """Cut off while the member spoke without a pause: nobody waits for a dial, and the owed answer is asked for."""
    session = ready_session(limits=Limits(idle_seconds=9000, max_seconds=9000, recycle_seconds=100))
    due = moment_after(START, 100)
    member_says(session, "Où sont les vestiaires ?", now=due)
    upstream(session, {"type": "response.created", "response": {"id": "r1"}}, due)
    session.receive(Tick(), due)
    session.receive(UpstreamOpened(2), due)
    from_leg(session, 2, {"type": "session.updated", "session": {}}, due)
    effects = session.receive(UpstreamLost("the connection ended with 1001"), due)
    assert not dials(effects)
    assert [event["type"] for event in told(effects)] == ["response.done", "kiosk.upstream"]
    assert told(effects)[1]["state"] == "ready"
    assert [event["type"] for event in instructed(effects)] == ["conversation.item.create", "response.create"]
    assert {effect.leg for effect in effects if isinstance(effect, ToUpstream)} == {2}


def test_a_loss_during_the_renewal_is_a_loss_like_any_other() -> None:
    """The half-made replacement is dropped, and the budget counts."""
    session = ready_session(
        limits=Limits(idle_seconds=9000, personal_idle_seconds=9000, max_seconds=9000, recycle_seconds=100)
    )
    session.receive(Tick(), moment_after(START, 100))
    effects = session.receive(UpstreamLost("gone", 1), moment_after(START, 101))
    assert HangUp(2) in effects and dials(effects) == [Dial(3, 0.5)]


def test_the_announced_end_decides_where_it_is_earlier() -> None:
    """Five minutes before it; a connection that lives shorter than that keeps half its life as margin."""
    line = Line(Limits())
    line.opened(1, at=100.0)
    line.expires(1, in_seconds=3600, at=100.0)
    assert line.renewal_due_at == 100 + 3000
    line.expires(1, in_seconds=1800, at=100.0)
    assert line.renewal_due_at == 100 + 1500
    line.expires(1, in_seconds=60, at=100.0)
    assert line.renewal_due_at == 130


def test_only_the_newest_of_a_long_conversation_is_carried() -> None:
    """The rest would be billed again at each answer; a call never loses its output on the way."""
    memory = Memory()
    memory.called("c1", "get_opening_hours", {}, after_item_id="u1")
    memory.answered("c1", {"text": "x" * 6000})
    turns = [Said("u0", "member", "y" * 9000), Said("u1", "member", "Bonjour"), Said("a1", "assistant", "Oui")]
    kinds = [item["type"] for item in memory.carried(turns)]
    assert kinds == ["message", "function_call", "function_call_output", "message"]


def test_updates_merge_as_an_upstream_reads_them() -> None:
    """Field by field, null included; turn detection is replaced as a whole."""
    base = {"a": {"b": 1, "turn_detection": {"type": "server_vad", "threshold": 0.6}}, "c": 2}
    change = {"a": {"turn_detection": {"type": "semantic_vad"}}, "c": None}
    assert merged(base, change) == {"a": {"b": 1, "turn_detection": {"type": "semantic_vad"}}, "c": None}
    assert base["c"] == 2


def test_sound_is_repeated_for_a_second_at_most() -> None:
    """More would make a turn of what was said before."""
    session = ready_session(
        limits=Limits(idle_seconds=9000, personal_idle_seconds=9000, max_seconds=9000, recycle_seconds=100)
    )
    for second in range(3):
        sound = base64.b64encode(bytes([second]) * 48 * 500).decode()
        kiosk(session, {"type": "input_audio_buffer.append", "audio": sound})
    session.receive(Tick(), moment_after(START, 100))
    session.receive(UpstreamOpened(2), moment_after(START, 100))
    effects = from_leg(session, 2, {"type": "session.updated", "session": {}}, moment_after(START, 100))
    assert len([event for event in instructed(effects) if event["type"] == "input_audio_buffer.append"]) == 2


def test_every_trouble_has_its_sentence_in_every_language() -> None:
    """No two are alike; another language is served in French."""
    sentences = {apology(trouble, language) for trouble in Trouble for language in ("fr", "en", "es")}
    assert len(sentences) == 3 * len(Trouble)
    assert apology(Trouble.LOST, "de") == apology(Trouble.LOST, "fr")
