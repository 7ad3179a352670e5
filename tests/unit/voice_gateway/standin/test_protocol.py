"""A session keeps the GA protocol's order and promises, whatever the client and the member do."""

import base64
from typing import Any

import pytest
from pydantic import ValidationError

from tests.unit.voice_gateway.standin.wire import Talk, check_strictly, loud, types
from voice_gateway.standin.audio import silence
from voice_gateway.standin.faults import Faults

REPORT_TOOL = {
    "type": "function",
    "name": "report_issue",
    "description": "Signale une panne.",
    "parameters": {
        "type": "object",
        "properties": {
            "machine": {"type": "string"},
            "zone": {"type": "string"},
            "problem": {"type": "string"},
            "category": {"type": "string", "enum": ["equipment", "cleanliness", "other"]},
        },
        "required": ["problem"],
    },
}
TRANSCRIBED = {"audio": {"input": {"transcription": {"model": "gpt-4o-mini-transcribe", "language": "fr"}}}}

SPOKEN_RESPONSE = [
    "response.created",
    "rate_limits.updated",
    "response.output_item.added",
    "conversation.item.added",
    "response.content_part.added",
    "response.output_audio.done",
    "response.output_audio_transcript.done",
    "response.content_part.done",
    "conversation.item.done",
    "response.output_item.done",
    "response.done",
]


def update(talk: Talk, **settings: Any) -> None:
    talk.send("session.update", session={"type": "realtime", **settings})


def test_a_whole_conversation_validates_strictly() -> None:
    """Audio, text, a tool, a barge-in and a truncation together emit nothing the SDK's typed models refuse."""
    talk = Talk(faults=Faults(delta_pacing=1.0))
    update(talk, instructions="L'adhérent s'appelle Léa.", tools=[REPORT_TOOL], **TRANSCRIBED)
    talk.speak()
    call = talk.last("response.function_call_arguments.done")
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": '{"ok": true}'}
    talk.send("conversation.item.create", item=output)
    talk.send("response.create")
    talk.wait(1.0)
    talk.append(silence(200) + loud(500))
    talk.send("conversation.item.truncate", item_id=assistant_item(talk), content_index=0, audio_end_ms=400)
    talk.append(silence(700))
    talk.wait(60)
    update(talk, output_modalities=["text"])
    talk.say_text("Merci, au revoir")
    talk.send("response.create")
    talk.wait(10)
    statuses = [event["response"]["status"] for event in talk.of_type("response.done")]
    assert statuses == ["completed", "cancelled", "completed", "completed"]
    assert talk.of_type("conversation.item.truncated")
    assert talk.of_type("response.output_text.done")
    assert talk.of_type("conversation.item.input_audio_transcription.completed")
    event_ids = [event["event_id"] for event in talk.events]
    assert len(set(event_ids)) == len(event_ids)


def assistant_item(talk: Talk) -> str:
    added = [event["item"] for event in talk.of_type("response.output_item.added")]
    return str([item for item in added if item["type"] == "message"][-1]["id"])


@pytest.mark.parametrize(
    "event",
    [
        {"type": "input_audio_buffer.cleared", "event_id": "e", "surprise": 1},
        {"type": "rate_limits.updated", "event_id": "e", "rate_limits": [{"name": "tokens", "extra": 1}]},
    ],
)
def test_the_strict_check_refuses_undeclared_fields(event: dict[str, Any]) -> None:
    """The check the other tests lean on does fail: an extra field, at any depth, is an error."""
    with pytest.raises(AssertionError, match=r"surprise|extra"):
        check_strictly(event)


def test_the_strict_check_refuses_a_wrong_type() -> None:
    """Nor does it coerce: a number sent as a string is an error."""
    wrong = {"type": "conversation.item.truncated", "event_id": "e", "item_id": "i", "content_index": 0}
    with pytest.raises(ValidationError):
        check_strictly(wrong | {"audio_end_ms": "12"})


def test_session_created_comes_first_and_says_stand_in() -> None:
    """Before anything the client sends: id, expiry an hour away, and two marks that this is not OpenAI."""
    created = Talk().events[0]
    assert created["type"] == "session.created"
    session = created["session"]
    assert session["jarvis_standin"] is True
    assert session["model"] == "gpt-realtime-2.1-mini-standin"
    assert session["expires_at"] == 1_700_003_600


def test_update_merges_and_returns_the_effective_session() -> None:
    """Only what is present changes, deep inside audio too; model is not the client's to change."""
    talk = Talk()
    update(talk, model="other", instructions="Sois bref.")
    update(talk, audio={"input": {"turn_detection": {"type": "server_vad", "threshold": 0.7}}})
    session = talk.last("session.updated")["session"]
    assert session["instructions"] == "Sois bref."
    assert session["model"] == "gpt-realtime-2.1-mini-standin"
    assert session["audio"]["input"]["turn_detection"]["threshold"] == 0.7
    assert session["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 500
    assert session["audio"]["output"]["voice"] == "marin"


def test_a_spoken_turn_has_the_documented_order() -> None:
    """Started, stopped, committed, item added: one item id joins them; then the response, part by part."""
    talk = Talk()
    turn = talk.speak()
    assert types(turn)[:5] == [
        "input_audio_buffer.speech_started",
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.added",
        "conversation.item.done",
    ]
    ids = {event.get("item_id") or event["item"]["id"] for event in turn[:5]}
    assert len(ids) == 1
    assert turn[0]["audio_start_ms"] == 100  # 400 ms of silence less 300 ms of padding
    talk.wait(10)
    answer = types(talk.events[talk.events.index(turn[4]) + 1 :])
    deltas = {"response.output_audio.delta", "response.output_audio_transcript.delta"}
    assert [name for name in answer if name not in deltas] == SPOKEN_RESPONSE
    last_delta = max(index for index, name in enumerate(answer) if name in deltas)
    assert answer.index("response.content_part.added") < last_delta < answer.index("response.output_audio.done")


def test_transcript_deltas_join_to_the_transcript() -> None:
    """The words sent piece by piece are the words of `done`, of the item and of `response.done`."""
    talk = Talk()
    talk.say_text("À quelle heure fermez-vous ce soir ?")
    talk.send("response.create")
    talk.wait(10)
    joined = "".join(event["delta"] for event in talk.of_type("response.output_audio_transcript.delta"))
    assert joined == talk.last("response.output_audio_transcript.done")["transcript"]
    done = talk.last("response.done")["response"]
    assert done["output"][0]["content"] == [{"type": "output_audio", "transcript": joined}]
    assert "vingt-trois heures" in joined


def test_the_users_transcript_is_completed_with_its_bill() -> None:
    """With transcription on: a delta, then completed with the same words and a usage in tokens."""
    talk = Talk()
    update(talk, **TRANSCRIBED)
    talk.speak()
    completed = talk.last("conversation.item.input_audio_transcription.completed")
    assert completed["transcript"] == "Les douches sont sales, c'est inadmissible."
    assert completed["usage"]["type"] == "tokens"
    assert completed["usage"]["total_tokens"] > 0
    assert completed["item_id"] == talk.last("input_audio_buffer.speech_started")["item_id"]


def test_duration_billed_models_report_seconds() -> None:
    """A whisper model's usage is the length of the speech."""
    talk = Talk()
    update(talk, audio={"input": {"transcription": {"model": "gpt-realtime-whisper"}}})
    talk.speak(1000)
    usage = talk.last("conversation.item.input_audio_transcription.completed")["usage"]
    assert usage["type"] == "duration"
    assert usage["seconds"] == pytest.approx(
        1.86, abs=0.1
    )  # 300 ms before, 1 s, 500 ms after, and the frames of the onset


def test_no_transcription_unless_asked_for() -> None:
    """A session that never asked for transcripts gets none, and is answered all the same."""
    talk = Talk()
    talk.speak()
    talk.wait(10)
    assert not [name for name in types(talk.events) if "transcription" in name]
    assert talk.last("response.done")["response"]["status"] == "completed"


def test_speech_that_is_not_understood_fails_its_transcription() -> None:
    """`failed` is an event of its own, no `error`, and the assistant asks to repeat."""
    talk = Talk()
    talk.understood = lambda pcm: None
    update(talk, **TRANSCRIBED)
    talk.speak()
    talk.wait(10)
    assert talk.last("conversation.item.input_audio_transcription.failed")["error"]["code"] == "audio_unintelligible"
    assert not talk.of_type("error")
    assert "compris" in talk.last("response.output_audio_transcript.done")["transcript"]


def test_the_answer_waits_for_ears_not_for_the_transcript_event() -> None:
    """A late transcript comes after the answer, as the provider's may."""
    talk = Talk(faults=Faults(transcription_delay_ms=60_000))
    update(talk, **TRANSCRIBED)
    talk.speak()
    talk.wait(90)
    names = types(talk.events)
    assert names.index("response.done") < names.index("conversation.item.input_audio_transcription.completed")


def test_a_response_waits_for_slow_ears() -> None:
    """`response.created` is immediate; nothing is said before the speech was heard."""
    talk = Talk()
    talk.ears_are_open = False
    talk.speak()
    talk.wait(30)
    assert talk.of_type("response.created")
    assert not talk.of_type("response.output_item.added")
    talk.hear_now()
    talk.wait(30)
    assert "nettoyage" in talk.last("response.output_audio_transcript.done")["transcript"]


def test_barge_in_cancels_the_response() -> None:
    """Speech during an answer: started, then the cut answer's last words, then done with turn_detected."""
    talk = Talk(faults=Faults(delta_pacing=1.0))
    talk.say_text("Bonjour")
    talk.send("response.create")
    talk.wait(1.0)
    interrupted = talk.append(loud(200))
    assert types(interrupted) == [
        "input_audio_buffer.speech_started",
        "response.output_audio.done",
        "response.output_audio_transcript.done",
        "response.content_part.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
    ]
    done = interrupted[-1]["response"]
    assert done["status"] == "cancelled"
    assert done["status_details"] == {"type": "cancelled", "reason": "turn_detected"}
    assert done["output"][0]["status"] == "incomplete"
    assert done["usage"]["output_tokens"] > 0
    assert not [name for name in types(talk.wait(10)) if name.endswith(".delta")]


def test_no_barge_in_when_interruption_is_off() -> None:
    """With interrupt_response false the answer goes on, and the turn's own response is refused."""
    talk = Talk(faults=Faults(delta_pacing=1.0))
    update(talk, audio={"input": {"turn_detection": {"type": "server_vad", "interrupt_response": False}}})
    talk.say_text("Bonjour")
    talk.send("response.create")
    talk.wait(0.3)
    talk.speak()
    assert talk.last("error")["error"]["code"] == "conversation_already_has_active_response"
    talk.wait(20)
    assert [event["response"]["status"] for event in talk.of_type("response.done")] == ["completed"]


def test_push_to_talk_commits_by_hand() -> None:
    """Without turn detection nothing happens until commit and response.create."""
    talk = Talk()
    update(talk, audio={"input": {"turn_detection": None}})
    assert talk.append(silence(200) + loud(800) + silence(900)) == []
    assert types(talk.send("input_audio_buffer.commit"))[0] == "input_audio_buffer.committed"
    assert not talk.of_type("response.created")
    talk.send("response.create")
    talk.wait(20)
    assert talk.last("response.done")["response"]["status"] == "completed"


@pytest.mark.parametrize("held_ms", [0, 60])
def test_committing_next_to_nothing_is_refused(held_ms: int) -> None:
    """Less than 100 ms is `input_audio_buffer_commit_empty`."""
    talk = Talk()
    update(talk, audio={"input": {"turn_detection": None}})
    talk.append(silence(held_ms))
    talk.send("input_audio_buffer.commit", event_id="mine")
    assert talk.last("error")["error"]["code"] == "input_audio_buffer_commit_empty"
    assert talk.last("error")["error"]["event_id"] == "mine"


def test_clear_forgets_the_buffer() -> None:
    """After clear there is nothing to commit."""
    talk = Talk()
    update(talk, audio={"input": {"turn_detection": None}})
    talk.append(loud(500))
    talk.send("input_audio_buffer.clear")
    talk.send("input_audio_buffer.commit")
    assert types(talk.events)[-2:] == ["input_audio_buffer.cleared", "error"]


def test_a_tool_is_called_then_its_result_is_told() -> None:
    """One complete call with JSON arguments; after its output and response.create, the answer says the result."""
    talk = Talk()
    update(talk, tools=[REPORT_TOOL])
    talk.say_text("Le tapis numéro quatre est en panne et personne ne s'en occupe.")
    called = types(talk.send("response.create", response={"metadata": {"turn": "1"}}))
    assert called == [
        "response.created",
        "rate_limits.updated",
        "response.output_item.added",
        "conversation.item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "conversation.item.done",
        "response.output_item.done",
        "response.done",
    ]
    item = talk.last("response.output_item.done")["item"]
    assert (item["status"], item["name"]) == ("completed", "report_issue")
    assert '"machine": "tapis 4"' in item["arguments"]
    assert '"category": "equipment"' in item["arguments"]
    deltas = "".join(event["delta"] for event in talk.of_type("response.function_call_arguments.delta"))
    assert deltas == item["arguments"]
    result = '{"ok": true, "message": "C\'est noté pour le tapis 4."}'
    output = {"type": "function_call_output", "call_id": item["call_id"], "output": result}
    talk.send("conversation.item.create", item=output)
    talk.send("response.create")
    talk.wait(10)
    said = talk.last("response.output_audio_transcript.done")["transcript"]
    assert said == "C'est noté pour le tapis 4."


def test_a_tool_output_for_an_unknown_call_is_refused() -> None:
    """A call id nobody gave out is an error, and no item appears."""
    talk = Talk()
    talk.send("conversation.item.create", item={"type": "function_call_output", "call_id": "nope", "output": "{}"})
    assert types(talk.events) == ["session.created", "error"]


def test_tool_choice_none_calls_nothing() -> None:
    """Tools offered but forbidden: the assistant answers in words."""
    talk = Talk()
    update(talk, tools=[REPORT_TOOL], tool_choice="none")
    talk.say_text("Le rameur est en panne")
    talk.send("response.create")
    talk.wait(10)
    assert talk.last("response.done")["response"]["output"][0]["type"] == "message"


def test_a_second_response_is_refused_while_one_is_active() -> None:
    """`conversation_already_has_active_response` names the client's event."""
    talk = Talk(faults=Faults(delta_pacing=1.0))
    talk.send("response.create")
    talk.send("response.create", event_id="gw_rc_7")
    error = talk.last("error")["error"]
    assert (error["code"], error["event_id"]) == ("conversation_already_has_active_response", "gw_rc_7")


def test_an_out_of_band_response_stays_out_of_the_conversation() -> None:
    """`conversation: none` runs beside the active response and adds no item."""
    talk = Talk(faults=Faults(delta_pacing=1.0))
    talk.send("response.create")
    before = len(talk.of_type("conversation.item.added"))
    talk.send("response.create", response={"conversation": "none", "metadata": {"for": "summary"}, "input": []})
    assert not talk.of_type("error")
    assert talk.last("response.created")["response"]["conversation_id"] is None
    talk.wait(60)
    assert len(talk.of_type("response.done")) == 2
    assert len(talk.of_type("conversation.item.added")) - before <= 1


def test_cancel_stops_the_active_response() -> None:
    """Cancel gives done with client_cancelled; a second cancel has nothing to cancel."""
    talk = Talk(faults=Faults(delta_pacing=1.0))
    talk.send("response.create")
    talk.wait(0.5)
    talk.send("response.cancel")
    assert talk.last("response.done")["response"]["status_details"]["reason"] == "client_cancelled"
    talk.send("response.cancel")
    assert talk.last("error")["error"]["code"] == "response_cancel_not_active"


def test_metadata_comes_back() -> None:
    """What response.create was tagged with is in created and in done."""
    talk = Talk()
    talk.send("response.create", response={"metadata": {"client_event_id": "c1"}})
    talk.wait(10)
    assert talk.last("response.created")["response"]["metadata"] == {"client_event_id": "c1"}
    assert talk.last("response.done")["response"]["metadata"] == {"client_event_id": "c1"}


def test_client_chosen_item_ids_are_kept() -> None:
    """An item created with an id is added, retrieved and deleted under it; the same id twice is refused."""
    talk = Talk()
    talk.say_text("Bonjour", item_id="msg_1")
    assert talk.last("conversation.item.added")["item"]["id"] == "msg_1"
    talk.say_text("Encore", item_id="msg_1")
    assert talk.last("error")["error"]["code"] == "item_create_invalid_item_id"
    talk.send("conversation.item.retrieve", item_id="msg_1")
    assert talk.last("conversation.item.retrieved")["item"]["content"][0]["text"] == "Bonjour"
    talk.send("conversation.item.delete", item_id="msg_1")
    assert talk.last("conversation.item.deleted")["item_id"] == "msg_1"
    talk.send("conversation.item.retrieve", item_id="msg_1")
    assert talk.last("error")["error"]["code"] == "item_retrieve_invalid_item_id"


def test_items_can_be_inserted() -> None:
    """After a known item, or at the root; after an unknown one is refused."""
    talk = Talk()
    talk.say_text("deux", item_id="b")
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "un"}]}
    talk.send("conversation.item.create", previous_item_id="root", item=item | {"id": "a"})
    assert talk.last("conversation.item.added")["previous_item_id"] is None
    talk.send("conversation.item.create", previous_item_id="a", item=item | {"id": "c"})
    assert talk.last("conversation.item.added")["previous_item_id"] == "a"
    talk.send("conversation.item.create", previous_item_id="zzz", item=item)
    assert talk.last("error")["error"]["code"] == "item_create_invalid_previous_item_id"


def test_truncate_forgets_the_words() -> None:
    """Within what was produced it works once: the item keeps no transcript, and less audio."""
    talk = Talk()
    talk.send("response.create")
    talk.wait(10)
    item_id = assistant_item(talk)
    talk.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=500)
    assert talk.last("conversation.item.truncated")["audio_end_ms"] == 500
    talk.send("conversation.item.retrieve", item_id=item_id)
    assert talk.last("conversation.item.retrieved")["item"]["content"] == [{"type": "output_audio"}]
    talk.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=600)
    assert "already shorter than" in talk.last("error")["error"]["message"]


@pytest.mark.parametrize(
    ("audio_end_ms", "words"),
    [(10_000_000, "already shorter than"), (-1, "integer"), (1.5, "integer"), ("500", "integer"), (True, "integer")],
)
def test_truncate_beyond_what_was_produced_is_refused(audio_end_ms: object, words: str) -> None:
    """Too long, negative or not an integer is an error, and the item keeps its words."""
    talk = Talk()
    talk.send("response.create")
    talk.wait(10)
    item_id = assistant_item(talk)
    talk.send("conversation.item.truncate", item_id=item_id, content_index=0, audio_end_ms=audio_end_ms)
    assert words in talk.last("error")["error"]["message"]
    talk.send("conversation.item.retrieve", item_id=item_id)
    assert talk.last("conversation.item.retrieved")["item"]["content"][0]["transcript"]


def test_truncating_before_any_audio_or_a_member_is_refused() -> None:
    """Zero before any audio is rejected too, and so is a member's item."""
    talk = Talk()
    talk.say_text("Bonjour", item_id="msg_1")
    talk.send("conversation.item.truncate", item_id="msg_1", content_index=0, audio_end_ms=0)
    assert "Only model output audio" in talk.last("error")["error"]["message"]
    update(talk, output_modalities=["text"])
    talk.send("response.create")
    talk.wait(5)
    talk.send("conversation.item.truncate", item_id=assistant_item(talk), content_index=0, audio_end_ms=0)
    assert "already shorter" in talk.last("error")["error"]["message"]


def test_the_voice_is_frozen_once_heard() -> None:
    """Changing the voice is allowed before the first audio, refused after it."""
    talk = Talk()
    update(talk, audio={"output": {"voice": "cedar"}})
    talk.send("response.create")
    talk.wait(10)
    update(talk, audio={"output": {"voice": "marin"}})
    assert talk.last("error")["error"]["code"] == "cannot_update_voice"


@pytest.mark.parametrize(
    ("event", "param"),
    [
        ({"type": "banana"}, "type"),
        ({}, "type"),
        ({"type": "session.update"}, "session"),
        ({"type": "session.update", "session": {"type": "realtime", "temperature": 0.8}}, "session.temperature"),
        ({"type": "session.update", "session": {"modalities": ["text"]}}, "session.type"),
        ({"type": "input_audio_buffer.append"}, "audio"),
        ({"type": "input_audio_buffer.append", "audio": "pas du base64 !"}, "audio"),
        ({"type": "conversation.item.create"}, "item"),
        (
            {"type": "conversation.item.create", "item": {"type": "message", "role": "robot", "content": []}},
            "item.role",
        ),
        ({"type": "conversation.item.truncate", "item_id": "x", "content_index": 0, "audio_end_ms": 1}, "item_id"),
        ({"type": "response.create", "response": {"metadata": {"k": 1}}}, "response.metadata"),
        ({"type": "response.create", "response": {"output_modalities": ["smell"]}}, "response.output_modalities"),
    ],
)
def test_bad_events_get_an_error_and_the_session_goes_on(event: dict[str, Any], param: str) -> None:
    """An error names the field and the client's event id; the next event is served."""
    talk = Talk()
    talk.give(event | {"event_id": "mine"})
    error = talk.last("error")["error"]
    assert (error["type"], error["param"], error["event_id"]) == ("invalid_request_error", param, "mine")
    talk.say_text("Bonjour")
    assert talk.of_type("conversation.item.added")


def test_an_oversized_append_is_refused() -> None:
    """More than 15 MiB of audio in one event is an error."""
    talk = Talk()
    talk.send("input_audio_buffer.append", audio=base64.b64encode(bytes(15 * 1024 * 1024 + 2)).decode())
    assert talk.last("error")["error"]["param"] == "audio"


def test_a_long_silence_prompts_the_member() -> None:
    """idle_timeout_ms after the answer was played: timeout_triggered, and the assistant asks, outside its script."""
    talk = Talk(lines=("Première réplique.", "Seconde réplique."))
    update(talk, audio={"input": {"turn_detection": {"type": "server_vad", "idle_timeout_ms": 5000}}})
    talk.send("response.create")
    played = 0.06 * len("Première réplique.")
    assert "input_audio_buffer.timeout_triggered" not in types(talk.wait(played + 4.9))
    prompted = types(talk.wait(5))
    assert prompted[0] == "input_audio_buffer.timeout_triggered"
    assert "toujours là" in talk.last("response.output_audio_transcript.done")["transcript"]


def test_a_script_is_said_verbatim_then_the_brain_takes_over() -> None:
    """Each response says the next line, however long, tools or not; past the end the brain answers."""
    lines = ("Bonjour, service client.   Je vous écoute", "Une phrase " + "très " * 200 + "longue.")
    talk = Talk(lines=lines)
    update(talk, tools=[REPORT_TOOL], max_output_tokens=50)
    said = []
    for words in ("Allô", "Le tapis est en panne", "Le tapis est en panne"):
        talk.say_text(words)
        talk.send("response.create")
        talk.wait(60)
        said.append(talk.last("response.done")["response"]["output"][0])
    assert [item["content"][0]["transcript"] for item in said[:2]] == list(lines)
    assert said[2]["type"] == "function_call"


def test_max_output_tokens_cuts_the_answer() -> None:
    """An answer over its limit is incomplete, with the reason, and shorter."""
    talk = Talk()
    talk.send("response.create", response={"max_output_tokens": 20})
    talk.wait(10)
    done = talk.last("response.done")["response"]
    assert (done["status"], done["status_details"]["reason"]) == ("incomplete", "max_output_tokens")
    assert done["output"][0]["content"][0]["transcript"] != ""
    assert done["usage"]["output_tokens"] <= 30


def test_the_members_first_name_is_used() -> None:
    """The instructions' first name is in the greeting."""
    talk = Talk()
    update(talk, instructions="Tu parles à un adhérent. L'adhérent s'appelle Léa : salue-le par son prénom.")
    talk.send("response.create")
    talk.wait(10)
    assert "Bonjour, Léa" in talk.last("response.output_audio_transcript.done")["transcript"]
