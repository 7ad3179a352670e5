"""The pure core of a voice session: what it forwards, hides, records, and when it ends."""

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from jarvis.consents import NOTICE_VERSION, Choice
from jarvis.kiosks import Badge, BadgeOutcome, Member
from jarvis.sessions import CloseReason, Limits
from jarvis.storage import StorageLevel
from voice_gateway.effects import (
    CloseRequested,
    Dial,
    Effect,
    Finished,
    KioskAway,
    KioskLost,
    KioskRefused,
    KioskSent,
    Moment,
    Opened,
    Persist,
    Report,
    RunTool,
    SessionPlan,
    Tick,
    ToKiosk,
    ToolFinished,
    ToUpstream,
    UpstreamLost,
    UpstreamOpened,
    UpstreamSent,
)
from voice_gateway.protocol.realtime import SessionProfile
from voice_gateway.session import VoiceSession
from warehouse.stores.sessions import EventRow, Scope, Write

START = Moment(datetime(2026, 11, 22, 9, tzinfo=UTC), 100.0)
SCOPE = Scope(UUID(int=1), UUID(int=2), UUID(int=3))
LEA = Badge(BadgeOutcome.KNOWN, Member(UUID(int=4), "Léa", "fr", "direct", Choice(True, NOTICE_VERSION)))
PROFILE = SessionProfile(
    model="gpt-realtime-2.1-mini",
    voice="marin",
    language="fr",
    instructions="Tu es Jarvis.",
    tools=[{"type": "function", "name": "get_opening_hours"}],
    transcription_model="gpt-realtime-whisper",
)


def moment_after(now: Moment, seconds: float) -> Moment:
    """The moment some seconds later, on both clocks."""
    return replace(now, at=now.at + timedelta(seconds=seconds), seconds=now.seconds + seconds)


def new_session(
    *,
    is_kiosk: bool = True,
    limits: Limits | None = None,
    instructions: Mapping[str, str] | None = None,
    storage_level: StorageLevel = StorageLevel.ALL,
) -> VoiceSession:
    """A session that nothing has happened to."""
    plan = SessionPlan(
        scope=SCOPE,
        profile=PROFILE,
        gateway_instance="gateway-1",
        is_kiosk=is_kiosk,
        limits=limits or Limits(),
        instructions=instructions or {},
        storage_level=storage_level,
    )
    return VoiceSession(plan, START)


def ready_session(
    *, is_kiosk: bool = True, limits: Limits | None = None, instructions: Mapping[str, str] | None = None
) -> VoiceSession:
    """A session whose upstream has taken our settings."""
    session = new_session(is_kiosk=is_kiosk, limits=limits, instructions=instructions)
    session.receive(Opened(LEA if is_kiosk else None), START)
    session.receive(UpstreamOpened(), START)
    upstream(session, {"type": "session.updated", "session": {"type": "realtime"}})
    return session


def upstream(session: VoiceSession, event: dict[str, Any], now: Moment = START) -> list[Effect]:
    return session.receive(UpstreamSent(event, json.dumps(event)), now)


def kiosk(session: VoiceSession, event: dict[str, Any], now: Moment = START) -> list[Effect]:
    """The effects, with those of what the core is told back after them."""
    effects = session.receive(KioskSent(event), now)
    return [
        follow
        for effect in effects
        for follow in ([effect, *session.receive(effect.event, now)] if isinstance(effect, Report) else [effect])
    ]


def told(effects: list[Effect]) -> list[dict[str, Any]]:
    return [json.loads(effect.text) for effect in effects if isinstance(effect, ToKiosk)]


def instructed(effects: list[Effect]) -> list[dict[str, Any]]:
    return [json.loads(effect.text) for effect in effects if isinstance(effect, ToUpstream)]


def written(effects: list[Effect], block: str) -> list[dict[str, Any]]:
    return [
        dict(record.values)
        for effect in effects
        if isinstance(effect, Persist)
        for record in effect.records
        if isinstance(record, Write) and record.block == block
    ]


def assert_committed_before(effects: list[Effect], block: str, kind: type[Effect]) -> None:
    """The block is in a durable record that precedes the first effect of a kind."""
    position = next(
        index
        for index, effect in enumerate(effects)
        if isinstance(effect, Persist)
        and effect.is_durable
        and any(isinstance(record, Write) and record.block == block for record in effect.records)
    )
    assert position < next(index for index, effect in enumerate(effects) if isinstance(effect, kind))


def say(
    session: VoiceSession, *, item: str = "a1", response: str = "r1", text: str = "Bonjour", ms: int = 1000
) -> None:
    """The assistant says something with sound, up to but without response.done."""
    upstream(session, {"type": "response.created", "response": {"id": response}})
    sound = base64.b64encode(bytes(48 * ms)).decode()
    upstream(session, {"type": "response.output_audio.delta", "item_id": item, "response_id": response, "delta": sound})
    upstream(session, {"type": "response.output_audio_transcript.done", "item_id": item, "transcript": text})


def response_done(response: str = "r1", **fields: Any) -> dict[str, Any]:
    return {"type": "response.done", "response": {"id": response, "status": "completed", "output": [], **fields}}


def function_call(call_id: str, arguments: str = "{}", *, status: str = "completed") -> dict[str, Any]:
    return {
        "type": "response.output_item.done",
        "response_id": "r1",
        "item": {
            "id": f"i_{call_id}", "type": "function_call", "status": status, "name": "get_opening_hours",
            "call_id": call_id, "arguments": arguments,
        },
    }  # fmt: skip


def test_a_badge_is_on_record_before_anybody_hears_of_it() -> None:
    """Session and visit are committed first, then the kiosk is told, then the upstream is dialled."""
    effects = new_session().receive(Opened(LEA), START)
    assert_committed_before(effects, "open_session", ToKiosk)
    assert_committed_before(effects, "save_visit", Dial)
    assert [event["type"] for event in told(effects)] == ["kiosk.member.identified", "kiosk.notice", "kiosk.upstream"]
    assert told(effects)[0]["first_name"] == "Léa"


@pytest.mark.parametrize("outcome", [BadgeOutcome.UNKNOWN, BadgeOutcome.INACTIVE, BadgeOutcome.OTHER_GYM])
def test_only_a_known_badge_is_a_visit(outcome: BadgeOutcome) -> None:
    """Other badges open a session that says why, and greet nobody."""
    effects = new_session().receive(Opened(Badge(outcome)), START)
    assert not written(effects, "save_visit")
    assert written(effects, "open_session")[0]["badge_outcome"] == outcome
    assert told(effects)[0]["type"] == "kiosk.member.unknown"


def test_a_member_who_said_no_is_not_analysed() -> None:
    """The session carries the member's choice, which the database's trigger obeys."""
    member = Member(UUID(int=4), "Léa", "fr", "direct", Choice(False, NOTICE_VERSION))
    effects = new_session().receive(Opened(Badge(BadgeOutcome.KNOWN, member)), START)
    assert written(effects, "open_session")[0]["has_analysis_consent"] is False


def test_the_gateway_sets_the_session_before_the_member_may_speak() -> None:
    """Instructions go first; frames that came too early follow in order, after kiosk.ready."""
    session = new_session()
    session.receive(Opened(LEA), START)
    assert not instructed(kiosk(session, {"type": "input_audio_buffer.append", "audio": "AAAA"}))
    update = instructed(session.receive(UpstreamOpened(), START))[0]
    assert update["session"]["instructions"] == "Tu es Jarvis."
    effects = upstream(session, {"type": "session.updated", "session": {}})
    assert [event["type"] for event in told(effects)] == ["kiosk.upstream", "kiosk.ready"]
    assert told(effects)[1]["session_id"] == str(SCOPE.session_id)
    assert instructed(effects) == [{"type": "input_audio_buffer.append", "audio": "AAAA"}]


def test_a_stock_client_hears_no_kiosk_events() -> None:
    """Events of ours would break clients that did not opt in."""
    session = new_session(is_kiosk=False)
    effects = session.receive(Opened(None), START) + session.receive(UpstreamOpened(), START)
    effects += upstream(session, {"type": "session.updated", "session": {}})
    effects += session.receive(CloseRequested(CloseReason.IDLE), START)
    assert told(effects) == []


def test_the_oldest_sound_is_dropped_while_the_upstream_opens() -> None:
    """What is kept is bounded, and what is typed outlives what is spoken."""
    # Room for what is typed and two frames of sound.
    session = new_session(limits=Limits(held_bytes=245))
    session.receive(Opened(LEA), START)
    typed = {
        "type": "conversation.item.create",
        "item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Bonjour"}]},
    }
    kiosk(session, typed)
    for sound in ("AAAA", "BBBB", "CCCC"):
        kiosk(session, {"type": "input_audio_buffer.append", "audio": sound})
    session.receive(UpstreamOpened(), START)
    sent = instructed(upstream(session, {"type": "session.updated", "session": {}}))
    assert [event.get("audio") for event in sent] == [None, "BBBB", "CCCC"]


def test_a_client_cannot_change_what_the_gateway_owns() -> None:
    """session.update and response.create go upstream without instructions, tools, model, voice or input."""
    session = ready_session()
    update = {
        "type": "session.update",
        "event_id": "mine",
        "session": {
            "type": "realtime",
            "model": "other",
            "instructions": "Obéis",
            "tools": [{"type": "mcp", "server_url": "https://elsewhere.example"}],
            "max_output_tokens": "inf",
            "output_modalities": ["text"],
            "audio": {"input": {"turn_detection": None, "transcription": {"model": "x"}}, "output": {"voice": "cedar"}},
        },
    }
    assert instructed(kiosk(session, update)) == [
        {
            "type": "session.update",
            "event_id": "mine",
            "session": {
                "type": "realtime", "output_modalities": ["text"], "audio": {"input": {"turn_detection": None}},
            },
        }
    ]  # fmt: skip
    create = {
        "type": "response.create",
        "response": {"instructions": "Obéis", "tools": [{"type": "mcp"}], "input": [], "metadata": {"mine": "1"}},
    }
    assert instructed(kiosk(session, create)) == [{"type": "response.create", "response": {"metadata": {"mine": "1"}}}]


def test_prompt_and_tools_are_not_shown() -> None:
    """The effective session comes back without what is ours."""
    session = ready_session()
    kiosk(session, {"type": "session.update", "session": {"type": "realtime"}})
    event = {"type": "session.updated", "session": {"model": "m", "instructions": "Tu es Jarvis.", "tools": [{"a": 1}]}}
    assert told(upstream(session, event))[0]["session"] == {"model": "m", "instructions": "", "tools": []}


def test_the_members_words_are_committed_before_they_are_shown() -> None:
    """A transcript that arrives after the answer still stands before it."""
    session = ready_session()
    upstream(session, {"type": "input_audio_buffer.speech_started", "item_id": "u1", "audio_start_ms": 0})
    upstream(session, {"type": "input_audio_buffer.committed", "item_id": "u1"})
    say(session)
    effects = upstream(
        session,
        {
            "type": "conversation.item.input_audio_transcription.completed",
            "item_id": "u1",
            "transcript": "Les douches sont sales ",
            "usage": {"type": "duration", "seconds": 3.0},
        },
    )
    assert_committed_before(effects, "save_turn", ToKiosk)
    turn = written(effects, "save_turn")[0]
    assert (turn["position"], turn["role"], turn["text"]) == (0, "member", "Les douches sont sales")
    assert written(effects, "save_usage")[0]["source_kind"] == "transcription"


def test_a_failed_transcription_leaves_a_turn() -> None:
    """Somebody spoke, and the record says so."""
    session = ready_session()
    upstream(session, {"type": "input_audio_buffer.committed", "item_id": "u1"})
    effects = upstream(
        session, {"type": "conversation.item.input_audio_transcription.failed", "item_id": "u1", "error": {}}
    )
    turn = written(effects, "save_turn")[0]
    assert (turn["status"], turn["text"]) == ("failed", "")


def test_voices_are_not_stored() -> None:
    """Sound becomes its length on record, in both directions."""
    session = ready_session()
    sound = base64.b64encode(bytes(4800)).decode()
    effects = kiosk(session, {"type": "input_audio_buffer.append", "audio": sound})
    effects += upstream(session, {"type": "response.output_audio.delta", "item_id": "a1", "delta": sound})
    logged = [
        json.loads(record.payload)
        for effect in effects
        if isinstance(effect, Persist)
        for record in effect.records
        if isinstance(record, EventRow)
    ]
    assert [(event["audio_bytes"], event["audio_ms"]) for event in logged] == [(4800, 100), (4800, 100)]
    assert sound not in str(effects[0]) + str(effects[2])


def test_an_interrupted_answer_is_kept_as_it_was_heard() -> None:
    """Barge-in: the upstream learns what was played, the turn says what was heard and what was generated."""
    session = ready_session()
    say(session, text="La salle ouvre à six heures du matin", ms=4000)
    kiosk(session, {"type": "kiosk.playback", "item_id": "a1", "played_ms": 2000})
    effects = upstream(session, {"type": "input_audio_buffer.speech_started", "item_id": "u2"})
    truncate = instructed(effects)[0]
    assert (truncate["item_id"], truncate["audio_end_ms"]) == ("a1", 2000)
    effects = upstream(session, {"type": "conversation.item.truncated", "item_id": "a1", "audio_end_ms": 2000})
    turn = written(effects, "save_turn")[0]
    assert (turn["status"], turn["heard_ms"], turn["total_ms"]) == ("interrupted", 2000, 4000)
    assert turn["text"] == "La salle ouvre à"
    assert turn["generated_text"] == "La salle ouvre à six heures du matin"


def test_nothing_is_truncated_that_was_heard_whole_or_not_at_all() -> None:
    """The upstream rejects 0, and an answer that was played to its end is not interrupted."""
    for played_ms in (0, 4000):
        session = ready_session()
        say(session, ms=4000)
        kiosk(session, {"type": "kiosk.playback", "item_id": "a1", "played_ms": played_ms})
        assert not instructed(upstream(session, {"type": "input_audio_buffer.speech_started", "item_id": "u2"}))


def test_a_clients_truncation_never_goes_past_what_was_produced() -> None:
    """Beyond the produced sound the upstream would answer with an error, and then fall silent."""
    session = ready_session()
    sound = base64.b64encode(bytes(48 * 500)).decode()
    event = {"type": "conversation.item.truncate", "item_id": "a1", "content_index": 0, "audio_end_ms": 9000}
    upstream(session, {"type": "response.output_audio.delta", "item_id": "a1", "response_id": "r1", "delta": sound})
    assert instructed(kiosk(session, event))[0]["audio_end_ms"] == 500


@pytest.mark.parametrize(
    ("audio_end_ms", "forwarded"),
    [(0, []), (1500, [1500]), (4000, []), (9000, [])],
    ids=["before the first sound", "in the middle", "at the end", "past the end"],
)
def test_a_clients_truncation_goes_upstream_only_where_it_cuts(audio_end_ms: int, forwarded: list[int]) -> None:
    """An answer heard to its end is not cut: the upstream would forget its words."""
    session = ready_session()
    say(session, ms=4000)
    event = {"type": "conversation.item.truncate", "item_id": "a1", "content_index": 0, "audio_end_ms": audio_end_ms}
    assert [sent["audio_end_ms"] for sent in instructed(kiosk(session, event))] == forwarded


def test_whoever_truncates_first_is_not_repeated() -> None:
    """The client's own truncation stands when the member is heard; after the gateway's, only a shorter one goes on."""
    session = ready_session()
    say(session, ms=4000)
    truncate = {"type": "conversation.item.truncate", "item_id": "a1", "content_index": 0}
    kiosk(session, {"type": "kiosk.playback", "item_id": "a1", "played_ms": 2000})
    assert instructed(kiosk(session, {**truncate, "audio_end_ms": 1500}))
    assert not instructed(upstream(session, {"type": "input_audio_buffer.speech_started", "item_id": "u2"}))

    session = ready_session()
    say(session, ms=4000)
    kiosk(session, {"type": "kiosk.playback", "item_id": "a1", "played_ms": 2000})
    upstream(session, {"type": "input_audio_buffer.speech_started", "item_id": "u2"})
    assert not instructed(kiosk(session, {**truncate, "audio_end_ms": 2100}))
    assert [sent["audio_end_ms"] for sent in instructed(kiosk(session, {**truncate, "audio_end_ms": 900}))] == [900]


def test_a_client_that_reports_no_playback_is_cut_by_the_clock() -> None:
    """It is taken to play at once: what passed since the first sound was heard, and never more than there was."""
    for seconds, cut_at in ((1.25, [1250]), (3.9, [3900]), (4.0, []), (60.0, [])):
        session = ready_session(is_kiosk=False)
        say(session, ms=4000)
        barge_in = {"type": "input_audio_buffer.speech_started", "item_id": "u2"}
        sent = instructed(upstream(session, barge_in, moment_after(START, seconds)))
        assert [event["audio_end_ms"] for event in sent] == cut_at


def test_speech_that_interrupts_nothing_cuts_nothing() -> None:
    """A session that lets answers go on while the member speaks keeps them whole."""
    session = ready_session()
    detection = {"type": "server_vad", "interrupt_response": False}
    upstream(session, {"type": "session.updated", "session": {"audio": {"input": {"turn_detection": detection}}}})
    say(session, ms=4000)
    kiosk(session, {"type": "kiosk.playback", "item_id": "a1", "played_ms": 2000})
    assert not instructed(upstream(session, {"type": "input_audio_buffer.speech_started", "item_id": "u2"}))


def test_nothing_more_of_an_interrupted_answer_is_heard() -> None:
    """Its late sound stays with us, and counts as produced."""
    session = ready_session()
    say(session, text="La salle ouvre à six heures du matin", ms=2000)
    kiosk(session, {"type": "kiosk.playback", "item_id": "a1", "played_ms": 1000})
    upstream(session, {"type": "input_audio_buffer.speech_started", "item_id": "u2"})
    sound = base64.b64encode(bytes(48 * 2000)).decode()
    late = {"type": "response.output_audio.delta", "item_id": "a1", "response_id": "r1", "delta": sound}
    assert told(upstream(session, late)) == []
    turn = written(
        upstream(session, {"type": "conversation.item.truncated", "item_id": "a1", "audio_end_ms": 1000}), "save_turn"
    )[0]
    assert (turn["heard_ms"], turn["total_ms"], turn["text"]) == (1000, 4000, "La salle")


def test_an_answer_that_never_began_is_not_heard() -> None:
    """Of two answers, the first being played, the second was not heard at all; only the first is truncated."""
    session = ready_session()
    say(session, item="a1", text="Je regarde", ms=1000)
    say(session, item="a2", text="Le cours est à dix heures", ms=3000)
    kiosk(session, {"type": "kiosk.playback", "item_id": "a1", "played_ms": 400})
    effects = upstream(session, {"type": "input_audio_buffer.speech_started", "item_id": "u2"})
    assert [(event["item_id"], event["audio_end_ms"]) for event in instructed(effects)] == [("a1", 400)]
    assert [(turn["item_id"], turn["text"]) for turn in written(effects, "save_turn")] == [("a1", "Je"), ("a2", "")]


def test_playback_goes_on_after_the_response_is_done() -> None:
    """The upstream is long ready when the member interrupts what is still being played."""
    session = ready_session()
    say(session, text="La salle ouvre à six heures du matin", ms=4000)
    upstream(session, response_done())
    kiosk(session, {"type": "kiosk.playback", "item_id": "a1", "played_ms": 2000})
    effects = upstream(session, {"type": "input_audio_buffer.speech_started", "item_id": "u2"})
    assert instructed(effects)[0]["audio_end_ms"] == 2000
    assert written(effects, "save_turn")[0]["text"] == "La salle ouvre à"


def test_a_text_answer_is_never_cut() -> None:
    """What stands on the screen was read."""
    session = ready_session()
    upstream(session, {"type": "response.created", "response": {"id": "r1"}})
    upstream(session, {"type": "response.output_text.done", "item_id": "a1", "text": "À six heures"})
    effects = upstream(session, {"type": "input_audio_buffer.speech_started", "item_id": "u2"})
    effects += upstream(session, response_done())
    assert not instructed(effects)
    assert all(turn["status"] == "final" for turn in written(effects, "save_turn"))


def test_words_that_only_the_bill_brings_are_kept() -> None:
    """A cancelled response names its words once more: they are the turn where nothing else was final."""
    session = ready_session()
    upstream(session, {"type": "response.created", "response": {"id": "r1"}})
    upstream(session, {"type": "response.output_audio_transcript.delta", "item_id": "a1", "delta": "La sal"})
    content = [{"type": "output_audio", "transcript": "La salle ouvre"}]
    output = [{"id": "a1", "type": "message", "role": "assistant", "status": "incomplete", "content": content}]
    turn = written(upstream(session, response_done(status="cancelled", output=output)), "save_turn")[-1]
    assert (turn["text"], turn["status"]) == ("La salle ouvre", "interrupted")


def test_a_tool_is_on_record_before_it_runs_and_hidden_from_the_kiosk() -> None:
    """The call's item, arguments and output item reach neither the screen nor response.done."""
    session = ready_session()
    item = {"id": "i_c1", "type": "function_call", "status": "in_progress"}
    hidden = upstream(session, {"type": "response.output_item.added", "response_id": "r1", "item": item})
    hidden += upstream(session, {"type": "conversation.item.added", "item": item})
    hidden += upstream(session, {"type": "response.function_call_arguments.delta", "item_id": "i_c1", "delta": "{"})
    hidden += upstream(session, function_call("c1", '{"day": "lundi"}'))
    assert told(hidden) == []
    effects = upstream(session, response_done(output=[{"id": "i_c1", "type": "function_call"}]))
    assert_committed_before(effects, "start_tool_call", RunTool)
    assert [effect for effect in effects if isinstance(effect, RunTool)] == [
        RunTool("c1", "get_opening_hours", {"day": "lundi"})
    ]
    assert told(effects)[0]["response"]["output"] == []
    assert told(effects)[0]["response"]["metadata"] == {"jarvis_continues": "true"}


def test_a_call_that_another_one_runs_is_told_and_not_ended() -> None:
    """The model hears what it gave; its row is for whoever claimed it, by the claim's own mark."""
    session = ready_session()
    upstream(session, function_call("c1"))
    upstream(session, function_call("c2"))
    upstream(session, response_done())
    theirs = session.receive(ToolFinished("c1", "done", {"ok": True}, is_ours=False), START)
    assert not written(theirs, "finish_tool_call")
    assert [event["type"] for event in instructed(theirs)] == ["conversation.item.create"]
    ours = session.receive(ToolFinished("c2", "done", {"ok": True}, claimed_at=START.at), START)
    assert written(ours, "finish_tool_call")[0]["claimed_at"] == START.at.isoformat()


def test_all_results_get_one_answer() -> None:
    """Each result is committed before the model hears it; one response.create follows the last."""
    session = ready_session()
    upstream(session, function_call("c1"))
    upstream(session, function_call("c2"))
    upstream(session, response_done())
    first = session.receive(ToolFinished("c1", "done", {"ok": True}), START)
    assert_committed_before(first, "finish_tool_call", ToUpstream)
    assert [event["type"] for event in instructed(first)] == ["conversation.item.create"]
    last = session.receive(ToolFinished("c2", "timed_out", {"ok": False}), START)
    assert [event["type"] for event in instructed(last)] == ["conversation.item.create", "response.create"]


def test_no_answer_is_asked_for_while_the_member_has_barged_in() -> None:
    """Voice activity detection has started a response already; a second one would be an error."""
    session = ready_session()
    upstream(session, function_call("c1"))
    upstream(session, response_done())
    upstream(session, {"type": "response.created", "response": {"id": "r2"}})
    effects = session.receive(ToolFinished("c1", "done", {"ok": True}), START)
    assert [event["type"] for event in instructed(effects)] == ["conversation.item.create"]


def test_a_tool_runs_once_and_only_whole_calls_run() -> None:
    """A repeated call_id and a call cut in its arguments do nothing."""
    session = ready_session()
    upstream(session, function_call("c1"))
    upstream(session, function_call("c1"))
    upstream(session, function_call("c2", '{"da', status="incomplete"))
    effects = upstream(session, response_done())
    assert [effect.call_id for effect in effects if isinstance(effect, RunTool)] == ["c1"]


def test_a_response_is_billed_once_it_is_done() -> None:
    """Usage and cost are committed before the kiosk learns that the answer is over."""
    session = ready_session()
    usage = {
        "input_tokens": 132,
        "output_tokens": 121,
        "input_token_details": {
            "text_tokens": 119, "audio_tokens": 13, "cached_tokens": 64,
            "cached_tokens_details": {"text_tokens": 64, "audio_tokens": 0},
        },
        "output_token_details": {"text_tokens": 30, "audio_tokens": 91},
    }  # fmt: skip
    effects = upstream(session, response_done(usage=usage))
    assert_committed_before(effects, "save_usage", ToKiosk)
    assert written(effects, "save_usage")[0]["cost_usd"] == "0.002059"
    assert session.cost_usd == Decimal("0.002059")


def test_a_budget_ends_the_session() -> None:
    """The answer that spends it is still heard."""
    session = ready_session(limits=Limits(max_cost_usd=Decimal("0.001")))
    effects = upstream(session, response_done(usage={"output_token_details": {"audio_tokens": 100}}))
    assert [event["type"] for event in told(effects)] == ["response.done", "kiosk.session.closed"]
    assert session.close_reason is CloseReason.BUDGET


def test_hanging_up_in_mid_answer_waits_for_the_bill() -> None:
    """The answer is cancelled, its usage still comes, and then the session closes."""
    session = ready_session()
    say(session)
    effects = kiosk(session, {"type": "kiosk.session.end", "reason": "member_goodbye"})
    assert [event["type"] for event in instructed(effects)] == ["response.cancel"]
    assert not any(isinstance(effect, Finished) for effect in effects)
    effects = upstream(session, response_done(status="cancelled", usage={"output_tokens": 5}))
    assert written(effects, "save_usage")
    assert written(effects, "close_session")[0]["close_reason"] == "member_goodbye"
    assert_committed_before(effects, "close_session", Finished)


def test_hanging_up_waits_for_the_last_transcript_but_not_for_ever() -> None:
    """Two seconds later the session closes without it."""
    session = ready_session()
    upstream(session, {"type": "input_audio_buffer.committed", "item_id": "u1"})
    assert not session.is_finished
    kiosk(session, {"type": "kiosk.session.end"})
    assert session.deadline() == START.seconds + 2
    assert session.receive(Tick(), moment_after(START, 1.9)) == []
    effects = session.receive(Tick(), moment_after(START, 2.0))
    assert written(effects, "close_session")[0]["close_reason"] == "member_left"


def test_words_of_a_cut_answer_are_kept() -> None:
    """An answer without its final words is closed as interrupted with what was said."""
    session = ready_session()
    upstream(session, {"type": "response.created", "response": {"id": "r1"}})
    upstream(session, {"type": "response.output_text.delta", "item_id": "a1", "delta": "La salle "})
    effects = session.receive(UpstreamLost("gone"), START)
    turn = written(effects, "save_turn")[0]
    assert (turn["status"], turn["text"]) == ("interrupted", "La salle")


def test_every_way_to_end_gives_its_own_reason_once() -> None:
    """The first reason stays, and a finished session does nothing more."""
    for event, reason in (
        (KioskLost(CloseReason.KIOSK_LOST), CloseReason.KIOSK_LOST),
        (UpstreamLost("refused", is_fatal=True), CloseReason.PROVIDER_LOST),
        (CloseRequested(CloseReason.OPERATOR), CloseReason.OPERATOR),
    ):
        session = ready_session()
        effects = session.receive(event, START)
        assert [values["close_reason"] for values in written(effects, "close_session")] == [reason]
        assert session.receive(UpstreamLost("again", is_fatal=True), START) == []
        assert kiosk(session, {"type": "kiosk.session.end"}) == []


def test_silence_closes_the_session_but_not_during_an_answer() -> None:
    """Idle counts from the last word and from the end of playback."""
    session = ready_session(limits=Limits(idle_seconds=60, silence_seconds=600))
    later = moment_after(START, 60)
    upstream(session, {"type": "response.created", "response": {"id": "r1"}})
    assert session.receive(Tick(), later) == []
    upstream(session, response_done(), later)
    effects = session.receive(Tick(), moment_after(later, 60))
    assert written(effects, "close_session")[0]["close_reason"] == "idle"


def test_a_session_has_a_longest_duration() -> None:
    """However much is said."""
    session = ready_session(limits=Limits(max_seconds=900))
    now = moment_after(START, 890)
    upstream(session, {"type": "input_audio_buffer.speech_started", "item_id": "u1"}, now)
    assert session.deadline() == START.seconds + 900
    effects = session.receive(Tick(), moment_after(START, 900))
    assert written(effects, "close_session")[0]["close_reason"] == "max_duration"


def test_an_upstream_that_owes_an_answer_and_says_nothing_is_lost() -> None:
    """15 seconds of silence after a question end the connection; any event counts as life."""
    session = ready_session(limits=Limits(silence_seconds=15, retries=0))
    kiosk(session, {"type": "response.create"})
    assert session.deadline() == START.seconds + 15
    upstream(session, {"type": "rate_limits.updated"}, moment_after(START, 14))
    assert session.receive(Tick(), moment_after(START, 15)) == []
    kiosk(session, {"type": "response.create"}, moment_after(START, 20))
    effects = session.receive(Tick(), moment_after(START, 35))
    assert written(effects, "close_session")[0]["close_reason"] == "provider_lost"


def test_an_upstream_that_never_takes_our_settings_is_lost() -> None:
    """Its other frames are no answer to them: the connection counts as lost, not the member as idle."""
    session = new_session(limits=Limits(silence_seconds=15, retries=0))
    session.receive(Opened(LEA), START)
    session.receive(UpstreamOpened(), START)
    upstream(session, {"type": "session.created", "session": {"id": "sess_1"}}, moment_after(START, 1))
    assert session.deadline() == START.seconds + 15
    effects = session.receive(Tick(), moment_after(START, 15))
    assert written(effects, "close_session")[0]["close_reason"] == "provider_lost"


@pytest.mark.parametrize(
    "event",
    [
        KioskSent({"type": "session.explode"}),
        KioskRefused({"type": "error", "error": {"code": "invalid_json"}}),
    ],
)
def test_an_error_of_the_gateway_is_committed_before_the_kiosk_hears_it(event: KioskSent | KioskRefused) -> None:
    """It is on record like every error, whether the session or the reader of frames found it."""
    effects = ready_session().receive(event, START)
    *_, record, answer = effects
    assert isinstance(record, Persist) and record.is_durable
    assert [row.event_type for row in record.records if isinstance(row, EventRow)] == ["error"]
    assert told([answer])[0]["type"] == "error"


def test_after_a_second_badge_nothing_of_the_first_member_is_heard() -> None:
    """Only the end of the first session is told."""
    session = ready_session()
    say(session)
    assert told(session.receive(CloseRequested(CloseReason.SECOND_BADGE), START)) == []
    late = upstream(session, {"type": "response.output_audio_transcript.done", "item_id": "a1", "transcript": "Léa…"})
    assert told(late) == []
    done = upstream(session, response_done())
    assert [event["type"] for event in told(done)] == ["kiosk.session.closed"]


def test_errors_about_our_own_events_stay_with_us() -> None:
    """A kiosk hears of its own mistakes; a fatal error ends the session, a benign one does not."""
    session = ready_session()
    own = {"type": "error", "error": {"code": "conversation_already_has_active_response", "event_id": "gw_rc_7"}}
    assert told(upstream(session, own)) == []
    theirs = {"type": "error", "error": {"code": "response_cancel_not_active", "event_id": "mine"}}
    assert told(upstream(session, theirs)) == [theirs]
    assert session.close_reason is None
    upstream(session, {"type": "error", "error": {"code": "insufficient_quota"}})
    assert session.close_reason is CloseReason.PROVIDER_LOST


def test_a_refused_prompt_ends_the_session_before_anybody_speaks() -> None:
    """Without our instructions nobody talks to the model."""
    session = new_session()
    session.receive(Opened(LEA), START)
    update = instructed(session.receive(UpstreamOpened(), START))[0]
    upstream(session, {"type": "error", "error": {"code": "invalid_value", "event_id": update["event_id"]}})
    assert session.close_reason is CloseReason.PROVIDER_LOST


def test_events_are_numbered_without_a_gap() -> None:
    """The log of a session is whole when its numbers are."""
    session = new_session()
    effects = session.receive(Opened(LEA), START) + session.receive(UpstreamOpened(), START)
    effects += upstream(session, {"type": "session.updated", "session": {}})
    effects += session.receive(CloseRequested(CloseReason.OPERATOR), START)
    numbers = [
        record.seq
        for effect in effects
        if isinstance(effect, Persist)
        for record in effect.records
        if isinstance(record, EventRow)
    ]
    assert numbers == list(range(1, len(numbers) + 1))


def test_unknown_upstream_events_are_relayed_as_they_came() -> None:
    """The provider may add events; the very frame is passed on."""
    session = ready_session()
    frame = '{"type": "response.sparkle",  "x": 1}'
    effects = session.receive(UpstreamSent(json.loads(frame), frame), START)
    assert [effect.text for effect in effects if isinstance(effect, ToKiosk)] == [frame]


def test_an_answer_without_a_bill_has_its_row() -> None:
    """One row for each answer: where no usage came it says so and costs nothing, and a second report adds none."""
    session = ready_session()
    upstream(session, {"type": "response.created", "response": {"id": "r1"}})
    row = written(upstream(session, response_done(status="failed", usage=None)), "save_usage")[0]
    assert (row["is_usage_missing"], row["cost_usd"]) == (True, "0.000000")
    usage = {"input_token_details": {"text_tokens": 10}, "output_token_details": {"audio_tokens": 10}}
    assert not written(upstream(session, response_done(usage=usage)), "save_usage")


def test_an_answer_that_ended_with_its_upstream_has_its_row() -> None:
    """Its bill will never come."""
    session = ready_session(limits=Limits(retries=0))
    upstream(session, {"type": "response.created", "response": {"id": "r1"}})
    rows = written(session.receive(UpstreamLost("the connection ended"), START), "save_usage")
    assert [(row["source_id"], row["is_usage_missing"]) for row in rows] == [("r1", True)]


def test_a_transcription_may_spend_the_rest_of_a_sessions_budget() -> None:
    """The cap counts every bill, and holds before the next answer is asked for."""
    session = ready_session(limits=Limits(max_cost_usd=Decimal("0.01")))
    upstream(session, {"type": "input_audio_buffer.committed", "item_id": "u1"})
    effects = upstream(
        session,
        {
            "type": "conversation.item.input_audio_transcription.completed",
            "item_id": "u1",
            "transcript": "Bonjour",
            "usage": {"type": "duration", "seconds": 60},
        },
    )
    assert session.close_reason is CloseReason.BUDGET
    assert any(isinstance(effect, Finished) for effect in effects)
    assert not instructed(kiosk(session, {"type": "response.create"}))


def test_a_written_session_takes_no_sound() -> None:
    """Refused once, then left; what a client asks for itself stays text."""
    plan = SessionPlan(
        scope=SCOPE, profile=replace(PROFILE, is_text_only=True), gateway_instance="gateway-1", is_kiosk=True
    )
    session = VoiceSession(plan, START)
    opened = told(session.receive(Opened(LEA), START))
    assert [event["mode"] for event in opened if event["type"] == "kiosk.mode"] == ["text"]
    sent = instructed(session.receive(UpstreamOpened(), START))[0]
    assert sent["session"]["output_modalities"] == ["text"]
    upstream(session, {"type": "session.updated", "session": {"type": "realtime"}})
    sound = {"type": "input_audio_buffer.append", "audio": "AAAA"}
    assert [event["error"]["code"] for event in told(kiosk(session, sound))] == ["text_only"]
    assert not told(kiosk(session, sound)) and not instructed(kiosk(session, sound))
    update = {"type": "session.update", "session": {"type": "realtime", "output_modalities": ["audio"]}}
    assert instructed(kiosk(session, update))[0]["session"]["output_modalities"] == ["text"]
    create = {"type": "response.create", "response": {"output_modalities": ["audio"]}}
    assert "output_modalities" not in instructed(kiosk(session, create))[0].get("response", {})


def test_last_words_that_never_came_leave_a_turn_and_a_bill() -> None:
    """The member speaks and ends the session at once: what the provider still owes is on record as lost."""
    session = ready_session()
    upstream(session, {"type": "input_audio_buffer.committed", "item_id": "u1"})
    kiosk(session, {"type": "kiosk.session.end", "reason": "member_left"})
    assert not session.is_finished
    effects = session.receive(Tick(), moment_after(START, Limits().drain_seconds))
    assert session.is_finished
    (turn,) = written(effects, "save_turn")
    assert (turn["item_id"], turn["role"], turn["status"], turn["text"]) == ("u1", "member", "failed", "")
    (row,) = written(effects, "save_usage")
    assert (row["source_kind"], row["source_id"], row["is_usage_missing"]) == ("transcription", "u1", True)
    assert row["model"] == PROFILE.transcription_model
    assert_committed_before(effects, "save_turn", Finished)


def test_words_that_came_in_time_are_no_loss() -> None:
    """The drain ends with the transcript: one turn with words, one bill with an amount."""
    session = ready_session()
    upstream(session, {"type": "input_audio_buffer.committed", "item_id": "u1"})
    kiosk(session, {"type": "kiosk.session.end", "reason": "member_left"})
    completed = {"type": "conversation.item.input_audio_transcription.completed", "item_id": "u1", "transcript": "Oui"}
    usage = {"type": "duration", "seconds": 1.0}
    effects = upstream(session, {**completed, "usage": usage}, moment_after(START, 1))
    assert session.is_finished
    assert [turn["text"] for turn in written(effects, "save_turn")] == ["Oui"]
    assert [row["is_usage_missing"] for row in written(effects, "save_usage")] == [False]


def test_each_transcription_has_its_one_row() -> None:
    """One that failed too, with what it cost where that is said; one that was lost with its upstream as well."""
    session = ready_session()
    for item in ("u1", "u2"):
        upstream(session, {"type": "input_audio_buffer.committed", "item_id": item})
    failed = {"type": "conversation.item.input_audio_transcription.failed", "item_id": "u1"}
    first = written(upstream(session, failed), "save_usage")
    assert [(row["source_id"], row["is_usage_missing"]) for row in first] == [("u1", True)]
    assert not written(upstream(session, failed), "save_usage")
    lost = written(session.receive(UpstreamLost("gone"), START), "save_usage")
    assert [(row["source_kind"], row["source_id"]) for row in lost] == [("transcription", "u2")]


@pytest.mark.parametrize("is_closing", [False, True])
def test_who_stands_there_next_waits_for_no_drain(is_closing: bool) -> None:
    """A kiosk that was away shows another badge: nothing of the first member is held for a second more."""
    session = ready_session()
    say(session)
    session.receive(KioskAway(), START)
    if is_closing:
        session.receive(KioskLost(CloseReason.KIOSK_LOST), START)
    session.receive(KioskLost(CloseReason.KIOSK_LOST, is_taken=True), START)
    assert session.deadline() <= START.seconds + 0.8
    effects = session.receive(Tick(), moment_after(START, 0.8))
    assert session.is_finished
    assert written(effects, "close_session")[0]["close_reason"] == CloseReason.KIOSK_LOST
