"""Notice and consent through a real gateway, a real database and the stand-in, with an ear on the wire between."""

import asyncio
from typing import Any

import psycopg
import pytest

from jarvis.consents import NOTICE_VERSION, notice_in, notice_version
from jarvis.storage import StorageLevel
from tests.conftest import Database, rows
from tests.support.gateway_processes import GatewayProcess, Network, wait_until
from tests.support.upstream_tap import UpstreamTap
from voice_gateway.kiosk import audio
from voice_gateway.kiosk.client import connected
from voice_gateway.kiosk.commands import talk

APPEND = "input_audio_buffer.append"


pytestmark = pytest.mark.one_gateway


@pytest.fixture(scope="module")
def upstream_url(standing_tap: UpstreamTap) -> str:
    """The gateway's upstream is the tap."""
    return standing_tap.url


def test_no_sound_reaches_the_upstream_before_the_answer(
    database: Database, gateway: GatewayProcess, network: Network, tap: UpstreamTap, token: str
) -> None:
    """A member speaks into the open notice: nothing passes, nothing is kept for later; after a yes the sound passes."""
    sound = audio.spoken("Les douches sont sales, c'est inadmissible")

    async def speak_too_early() -> list[str]:
        async with connected(gateway.url, token, consent=None) as kiosk:
            scanned = asyncio.create_task(kiosk.badge("B-LEA"))
            await kiosk.seen(lambda: kiosk.notice is not None, "the notice")
            for frame in audio.frames(sound):
                await kiosk.send({"type": APPEND, "audio": frame})
            # The gateway answers in order: this refusal comes after the last of the sound.
            await kiosk.send({"type": "response.create"})
            await kiosk.seen(lambda: bool(kiosk.errors), "the refusal")
            before = list(tap.kinds)
            await kiosk.answer_notice(analysis=True)
            await scanned
            held = list(tap.kinds)
            await kiosk.say(sound, is_fast=True)
            await kiosk.hang_up()
            return [*before, "answered", *held]

    passed = asyncio.run(speak_too_early())
    assert passed == ["answered", "session.update"]
    assert tap.kinds.count(APPEND) > 10
    assert str(tap.events[0]).count("Léa") == 1
    consent = rows(database, "select * from consents")[0]
    assert (consent["member_id"], consent["is_granted"]) == (network.member_id, True)
    assert (consent["source"], consent["notice_version"]) == ("kiosk", NOTICE_VERSION)
    session = rows(database, "select * from openai_realtime_sessions")[0]
    assert (session["has_analysis_consent"], session["notice_version"]) == (True, NOTICE_VERSION)
    answered = rows(database, "select seq from realtime_events where event_type = 'kiosk.consent'")[0]["seq"]
    first_sound = rows(database, "select min(seq) as seq from realtime_events where event_type = %s", APPEND)[0]["seq"]
    assert answered < first_sound


def test_a_refusal_gives_full_service_and_no_analysis(
    database: Database, gateway: GatewayProcess, network: Network, token: str
) -> None:
    """The member is heard, answered and helped by a tool; the conversation is skipped with its reason, and the stored
    no answers the next notice."""
    held = talk(gateway.url, token, "B-LEA", [("text", "Quels sont les horaires d'ouverture ?")], consent=False)
    assert held["analysis"] is False
    assert [turn["role"] for turn in held["turns"]] == ["member", "assistant"]
    assert rows(database, "select status from tool_calls") == [{"status": "done"}]
    summary = rows(database, "select status, last_error from conversation_summaries")
    assert summary == [{"status": "skipped", "last_error": "the member did not agree to the analysis"}]
    again = talk(gateway.url, token, "B-LEA", [("text", "Bonjour")], consent=True)
    assert again["analysis"] is False
    assert len(rows(database, "select from consents")) == 1


def test_a_member_changes_his_mind_in_the_middle(database: Database, gateway: GatewayProcess, token: str) -> None:
    """A no after a yes takes the whole session out of the analysis, and both answers are on record."""

    async def withdraw() -> None:
        async with connected(gateway.url, token) as kiosk:
            await kiosk.badge("B-LEA")
            await kiosk.type_text("Les douches sont sales")
            await kiosk.ask_answer()
            await kiosk.answer_notice(analysis=False)
            await kiosk.hang_up()

    asyncio.run(withdraw())
    answers = rows(database, "select is_granted from consents order by recorded_at")
    assert [answer["is_granted"] for answer in answers] == [True, False]
    wait_until(
        lambda: rows(database, "select from conversation_summaries where status = 'skipped'"),
        seconds=5,
        what="the skipped summary",
    )


def test_a_member_takes_the_consent_back_by_voice(database: Database, gateway: GatewayProcess, token: str) -> None:
    """« Je ne veux plus être analysé »: said back, shown, on record, and the conversation is out of the analysis."""

    async def withdraw() -> tuple[bool | None, str]:
        async with connected(gateway.url, token) as kiosk:
            await kiosk.badge("B-LEA")
            await kiosk.type_text("Je ne veux plus être analysé.")
            await kiosk.ask_answer()
            assert kiosk.notice is not None
            told = kiosk.notice["analysis"], kiosk.turns[-1].text
            await kiosk.hang_up()
            return told

    shown, said = asyncio.run(withdraw())
    assert shown is False
    assert (
        said == "C'est noté : vos conversations ne seront plus analysées, celle-ci comprise. Le service reste le même."
    )
    answers = rows(database, "select is_granted, source, notice_version from consents order by recorded_at")
    assert [answer["is_granted"] for answer in answers] == [True, False]
    assert answers[1] == {"is_granted": False, "source": "kiosk", "notice_version": NOTICE_VERSION}
    assert rows(database, "select name, status from tool_calls") == [{"name": "set_analysis_consent", "status": "done"}]
    wait_until(
        lambda: rows(database, "select from conversation_summaries where status = 'skipped'"),
        seconds=5,
        what="the skipped summary",
    )


def test_a_guests_answer_is_kept_with_the_session_only(database: Database, gateway: GatewayProcess, token: str) -> None:
    """An unknown badge is asked at each session; no member's row is written."""
    for consent, status in ((True, "pending"), (False, "skipped")):
        held = talk(gateway.url, token, "X", [("text", "Bonjour")], consent=consent)
        assert held["analysis"] is consent
        session_id = held["session_id"]
        found = rows(database, "select status from conversation_summaries where session_id = %s", session_id)
        assert found == [{"status": status}]
    assert not rows(database, "select from consents")


def test_the_notice_says_what_the_gym_keeps_and_a_yes_holds_while_it_keeps_no_more(
    database: Database, gateway: GatewayProcess, token: str
) -> None:
    """Read at each session's opening, on record with the answer; the yes given by voice is of the same version."""

    async def notice_of() -> dict[str, Any]:
        async with connected(gateway.url, token, consent=True) as kiosk:
            await kiosk.badge("B-LEA")
            assert kiosk.notice is not None
            await kiosk.hang_up()
            return kiosk.notice

    told = []
    for level in (StorageLevel.METADATA_ONLY, StorageLevel.METADATA_ONLY, StorageLevel.ALL):
        with psycopg.connect(database.url_for("admin")) as admin:
            admin.execute("update gyms set storage_level = %s", [level])
        notice = asyncio.run(notice_of())
        assert (notice["storage_level"], notice["text"]) == (level, notice_in("fr", level))
        told.append(notice["version"])
    given = rows(database, "select notice_version from consents order by recorded_at")
    assert told == [notice_version(StorageLevel.METADATA_ONLY)] * 2 + [NOTICE_VERSION]
    assert [row["notice_version"] for row in given] == [told[0], told[2]], "the second session asked nobody"


def test_a_kiosk_in_another_gym_keeps_its_own_answers(
    database: Database, gateway: GatewayProcess, network: Network, token: str
) -> None:
    """Row security: a gateway writes consents of the kiosk's own gym only."""
    with (
        psycopg.connect(database.url_for("gateway")) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        kiosk = rows(database, "select id from kiosks")[0]["id"]
        connection.execute("select set_config('app.kiosk_id', %s, true)", [str(kiosk)])
        connection.execute(
            "insert into consents (gym_id, member_id, purpose, is_granted, notice_version) "
            "values (%s, %s, 'quality_analysis', true, '2026-11')",
            [network.sibling_gym_id, network.member_id],
        )
