"""The assistant speaks first, and its own echo neither interrupts it nor becomes a turn."""

from dataclasses import replace

from tests.unit.voice_gateway.test_session import (
    LEA,
    PROFILE,
    START,
    instructed,
    kiosk,
    moment_after,
    new_session,
    response_done,
    say,
    upstream,
    written,
)
from voice_gateway.effects import Effect, Opened, UpstreamOpened
from voice_gateway.greeting import MARK
from voice_gateway.session import VoiceSession

SOUND = {"type": "input_audio_buffer.append", "audio": "AAAA"}


def greeted() -> tuple[VoiceSession, list[Effect]]:
    """A session that greets, just ready; and what was done then."""
    plain = new_session()
    session = VoiceSession(replace(plain.plan, greets=True), START)
    session.receive(Opened(LEA), START)
    session.receive(UpstreamOpened(), START)
    return session, upstream(session, {"type": "session.updated", "session": {}})


def test_the_assistant_speaks_first() -> None:
    """One response of our own, marked as the greeting, as soon as the member may be heard; none where nobody asked."""
    _, effects = greeted()
    assert [event["type"] for event in instructed(effects)] == ["response.create"]
    assert instructed(effects)[0]["response"] == {"metadata": {MARK: "true"}}
    silent = new_session()
    silent.receive(Opened(LEA), START)
    silent.receive(UpstreamOpened(), START)
    assert not instructed(upstream(silent, {"type": "session.updated", "session": {}}))


def test_the_microphone_counts_from_the_end_of_the_greeting() -> None:
    """Its echo is dropped until it was played; typed words pass at any time."""
    session, _ = greeted()
    created = {"type": "response.created", "response": {"id": "r1", "metadata": {MARK: "true"}}}
    upstream(session, created)
    say(session, text="Bonjour Léa", ms=2000)
    kiosk(session, {"type": "kiosk.playback", "item_id": "a1", "played_ms": 0}, START)
    upstream(session, response_done())
    assert not instructed(kiosk(session, SOUND, moment_after(START, 1)))
    typed = {"type": "response.create"}
    assert instructed(kiosk(session, typed, moment_after(START, 1))) == [typed]
    assert instructed(kiosk(session, SOUND, moment_after(START, 3))) == [SOUND]


def test_a_greeting_that_never_comes_does_not_cost_the_microphone() -> None:
    """After eight seconds the member is heard whatever became of it."""
    session, _ = greeted()
    assert not instructed(kiosk(session, SOUND, moment_after(START, 7.9)))
    assert instructed(kiosk(session, SOUND, moment_after(START, 8.1))) == [SOUND]


def test_speech_without_words_is_no_turn() -> None:
    """Noise that the upstream took for speech leaves no row among what was said."""
    session, _ = greeted()
    upstream(session, {"type": "input_audio_buffer.speech_started", "item_id": "u1"})
    upstream(session, {"type": "input_audio_buffer.committed", "item_id": "u1"})
    done = {"type": "conversation.item.input_audio_transcription.completed", "item_id": "u1", "transcript": " "}
    assert not written(upstream(session, done), "save_turn")


def test_the_ear_is_set_for_a_loud_room() -> None:
    """Far-field noise reduction, a threshold of 0.6 at least, and 500 to 800 ms of silence before an answer."""
    ear = PROFILE.as_update(event_id="e")["session"]["audio"]["input"]
    assert ear["noise_reduction"] == {"type": "far_field"}
    assert ear["turn_detection"]["threshold"] >= 0.6
    assert 500 <= ear["turn_detection"]["silence_duration_ms"] <= 800
