"""The notice: what passes before it is answered, what the answer changes, and what is kept of it."""

import hashlib
import json
from uuid import UUID

import pytest

from jarvis.consents import LANGUAGES, NOTICE_VERSION, Choice, notice_in, notice_version
from jarvis.kiosks import Badge, BadgeOutcome, Member
from jarvis.sessions import CloseReason
from jarvis.storage import StorageLevel
from tests.unit.voice_gateway.test_session import (
    LEA,
    SCOPE,
    START,
    assert_committed_before,
    instructed,
    kiosk,
    moment_after,
    new_session,
    ready_session,
    response_done,
    told,
    upstream,
    written,
)
from voice_gateway.consent import CONSENT_TOOL
from voice_gateway.effects import (
    ConsentKept,
    KioskSent,
    Opened,
    Report,
    Tick,
    ToKiosk,
    ToolFinished,
    ToUpstream,
    UpstreamOpened,
)
from voice_gateway.session import VoiceSession

SOUND = {"type": "input_audio_buffer.append", "audio": "AAAA"}
TYPED = {
    "type": "conversation.item.create",
    "event_id": "t1",
    "item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Bonjour"}]},
}
YES = {"type": "kiosk.consent", "analysis": True}
NO = {"type": "kiosk.consent", "analysis": False}


def badge_with(choice: Choice | None) -> Badge:
    return Badge(BadgeOutcome.KNOWN, Member(UUID(int=4), "Léa", "fr", "direct", choice))


def asking_session() -> VoiceSession:
    """A session of a member who was never asked, whose upstream is there."""
    session = new_session()
    session.receive(Opened(badge_with(None)), START)
    session.receive(UpstreamOpened(), START)
    return session


@pytest.mark.parametrize(
    ("choice", "needs_answer", "analysis"),
    [
        (None, True, None),
        (Choice(True, "2020-01"), True, None),
        (Choice(True, NOTICE_VERSION), False, True),
        (Choice(False, NOTICE_VERSION), False, False),
    ],
    ids=["never", "older", "yes", "no"],
)
def test_a_stored_choice_answers_the_notice_of_its_version(
    choice: Choice | None, needs_answer: bool, analysis: bool | None
) -> None:
    """A newer notice asks again; the same one does not, and is shown all the same."""
    effects = new_session().receive(Opened(badge_with(choice)), START)
    notice = next(event for event in told(effects) if event["type"] == "kiosk.notice")
    assert (notice["needs_answer"], notice["analysis"]) == (needs_answer, analysis)
    assert (notice["version"], notice["text"]) == (NOTICE_VERSION, notice_in("fr"))
    assert notice["session_id"] == str(SCOPE.session_id)
    opened = written(effects, "open_session")[0]
    assert opened["has_analysis_consent"] is (analysis is True)
    assert opened["notice_version"] == (None if needs_answer else NOTICE_VERSION)


def test_nothing_of_the_member_goes_upstream_before_the_answer() -> None:
    """Not the name in our own instructions, not a sound, not a word; sound is dropped and not sent later."""
    session = asking_session()
    assert kiosk(session, SOUND) == []
    refused = kiosk(session, TYPED)
    assert [event["error"]["code"] for event in told(refused)] == ["consent_pending"]
    assert told(refused)[0]["error"]["event_id"] == "t1"
    assert "Bonjour" not in str(refused)
    effects = kiosk(session, YES)
    assert_committed_before(effects, "save_session_consent", ToUpstream)
    assert [event["type"] for event in instructed(effects)] == ["session.update"]
    after = upstream(session, {"type": "session.updated", "session": {}})
    assert instructed(after) == []
    assert instructed(kiosk(session, SOUND)) == [SOUND]


def test_an_answer_before_the_upstream_is_there_opens_it_later() -> None:
    """The gate and the dial are independent: whichever comes last sets the session up, once."""
    session = new_session()
    session.receive(Opened(badge_with(None)), START)
    assert not instructed(kiosk(session, YES))
    assert [event["type"] for event in instructed(session.receive(UpstreamOpened(), START))] == ["session.update"]


def test_the_upstream_waits_until_the_answer_is_on_record() -> None:
    """It opens while the answer is being written: nothing passes before the core is told that it is kept."""
    session = new_session()
    session.receive(Opened(badge_with(None)), START)
    effects = session.receive(KioskSent(YES), START)
    assert not instructed(session.receive(UpstreamOpened(), START))
    assert session.receive(KioskSent(SOUND), START) == []
    assert effects[-1] == Report(ConsentKept())
    assert [event["type"] for event in instructed(session.receive(ConsentKept(), START))] == ["session.update"]


@pytest.mark.parametrize("answer", [YES, NO], ids=["yes", "no"])
def test_the_answer_is_kept_and_confirmed(answer: dict[str, object]) -> None:
    """One row for the session, one for the member with version, source and time; the kiosk sees what counts."""
    session = asking_session()
    effects = kiosk(session, answer, moment_after(START, 2))
    assert_committed_before(effects, "save_consent", ToKiosk)
    stored = written(effects, "save_consent")[0]
    assert (stored["member_id"], stored["purpose"]) == (str(UUID(int=4)), "quality_analysis")
    assert (stored["is_granted"], stored["notice_version"]) == (answer["analysis"], NOTICE_VERSION)
    assert stored["recorded_at"] == moment_after(START, 2).at.isoformat()
    shown = told(effects)[0]
    assert (shown["type"], shown["needs_answer"], shown["analysis"]) == ("kiosk.notice", False, answer["analysis"])


def test_a_guest_is_asked_each_time_and_nothing_is_stored_of_him() -> None:
    """No member, no row: the answer holds for this session."""
    session = new_session()
    effects = session.receive(Opened(Badge(BadgeOutcome.UNKNOWN)), START)
    assert told(effects)[1]["needs_answer"] is True
    effects = kiosk(session, YES)
    assert written(effects, "save_session_consent")[0]["has_analysis_consent"] is True
    assert not written(effects, "save_consent")


def test_a_no_in_the_middle_counts_for_the_whole_session() -> None:
    """And a yes after it counts for the next ones: what was said under a no is not analysed."""
    session = ready_session()
    effects = kiosk(session, NO)
    assert written(effects, "save_session_consent")[0]["has_analysis_consent"] is False
    first = written(effects, "save_consent")[0]
    effects = kiosk(session, YES)
    assert written(effects, "save_session_consent")[0]["has_analysis_consent"] is False
    second = written(effects, "save_consent")[0]
    assert (first["is_granted"], second["is_granted"]) == (False, True)
    assert first["consent_id"] != second["consent_id"]
    assert not instructed(effects)


@pytest.mark.parametrize("analysis", [None, "yes", 1])
def test_an_answer_that_is_neither_yes_nor_no_is_refused(analysis: object) -> None:
    """The notice stays open."""
    session = asking_session()
    effects = kiosk(session, {"type": "kiosk.consent", "analysis": analysis})
    assert told(effects)[0]["error"]["code"] == "invalid_event"
    assert kiosk(session, SOUND) == []


def test_nobody_answers_and_the_session_ends() -> None:
    """A notice that stays open is silence: the session closes as idle, and nothing went upstream."""
    session = asking_session()
    kiosk(session, SOUND, moment_after(START, session.plan.limits.idle_seconds - 1))
    effects = session.receive(Tick(), moment_after(START, session.plan.limits.idle_seconds))
    assert written(effects, "close_session")[0]["close_reason"] == CloseReason.IDLE
    assert not instructed(effects)


def test_a_client_without_notice_is_served_and_not_analysed() -> None:
    """It cannot ask, so nobody has agreed; the record says that nobody was asked."""
    session = new_session(is_kiosk=False)
    opened = written(session.receive(Opened(None), START), "open_session")[0]
    assert (opened["has_analysis_consent"], opened["notice_version"]) == (False, None)
    assert [event["type"] for event in instructed(session.receive(UpstreamOpened(), START))] == ["session.update"]


def test_a_member_who_chose_is_not_kept_waiting() -> None:
    """With a stored answer the upstream is set up as soon as it is there."""
    session = new_session()
    session.receive(Opened(LEA), START)
    assert instructed(session.receive(UpstreamOpened(), START))


def test_a_changed_notice_has_a_new_version() -> None:
    """The words behind a version never change: a stored choice answers what its member has read."""
    texts = {
        notice_version(level): {spoken: notice_in(spoken, level) for spoken in LANGUAGES} for level in StorageLevel
    }
    known = {
        "2026-11": "938eb12d25b1547a",
        "2026-11/without_personal_data": "009b566d3566fdb9",
        "2026-11/metadata_only": "7604e4fc27013adc",
    }
    assert {
        version: hashlib.sha256(json.dumps(text, sort_keys=True).encode()).hexdigest()[:16]
        for version, text in texts.items()
    } == known


@pytest.mark.parametrize("level", list(StorageLevel))
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_notice_is_short_enough_to_be_read(language: str, level: StorageLevel) -> None:
    """Under a hundred words, and it says that an artificial intelligence listens, and what becomes of the words."""
    words = notice_in(language, level).lower()
    assert len(words.split()) < 100
    assert any(name in words for name in ("intelligence artificielle", "artificial intelligence", "inteligencia"))
    assert len({notice_in(language, one) for one in StorageLevel}) == len(StorageLevel)


@pytest.mark.parametrize(
    ("given_to", "kept_now", "is_enough"),
    [
        (StorageLevel.ALL, StorageLevel.METADATA_ONLY, True),
        (StorageLevel.METADATA_ONLY, StorageLevel.METADATA_ONLY, True),
        (StorageLevel.METADATA_ONLY, StorageLevel.ALL, False),
        (StorageLevel.WITHOUT_PERSONAL_DATA, StorageLevel.ALL, False),
    ],
)
def test_a_gym_that_keeps_more_asks_again(given_to: StorageLevel, kept_now: StorageLevel, is_enough: bool) -> None:
    """A yes to less is none to more; a yes to more covers less."""
    choice = Choice(True, notice_version(given_to))
    effects = new_session(storage_level=kept_now).receive(Opened(badge_with(choice)), START)
    notice = next(event for event in told(effects) if event["type"] == "kiosk.notice")
    assert (notice["needs_answer"], notice["storage_level"]) == (not is_enough, kept_now)
    assert (notice["text"], notice["version"]) == (notice_in("fr", kept_now), notice_version(kept_now))


def test_a_no_by_voice_counts_like_one_from_the_screen() -> None:
    """The tool has put it on record: the kiosk shows it, and a later yes from the screen does not undo it here."""
    session = ready_session()
    call = {"id": "i1", "type": "function_call", "status": "completed", "name": CONSENT_TOOL, "call_id": "c1"}
    item = {**call, "arguments": '{"is_granted": false}'}
    upstream(session, {"type": "response.output_item.done", "response_id": "r1", "item": item})
    upstream(session, response_done())
    output = {"ok": True, "message": "C'est noté.", "is_granted": False, "analysis": False}
    [notice] = told(session.receive(ToolFinished("c1", "done", output), START))
    assert (notice["type"], notice["needs_answer"], notice["analysis"]) == ("kiosk.notice", False, False)
    kept = written(kiosk(session, YES), "save_session_consent")
    assert [row["has_analysis_consent"] for row in kept] == [False]


def test_a_no_by_voice_that_was_not_kept_changes_nothing() -> None:
    """Where the database was away, the member hears that it did not work, and the screen shows no other answer."""
    session = ready_session()
    call = {"id": "i1", "type": "function_call", "status": "completed", "name": CONSENT_TOOL, "call_id": "c1"}
    upstream(session, {"type": "response.output_item.done", "response_id": "r1", "item": {**call, "arguments": "{}"}})
    upstream(session, response_done())
    assert told(session.receive(ToolFinished("c1", "failed", {"ok": False, "reason": "unavailable"}), START)) == []
