"""Sessions through a real gateway process, a real database and the real stand-in."""

import asyncio

import pytest

from tests.conftest import Database, rows
from tests.support.gateway_processes import (
    GatewayProcess,
    Network,
    wait_until,
)
from voice_gateway.kiosk.client import connected
from voice_gateway.kiosk.commands import talk
from voice_gateway.kiosk.errors import KioskError

pytestmark = pytest.mark.one_gateway


def test_a_spoken_complaint_is_on_record(
    database: Database, gateway: GatewayProcess, network: Network, token: str
) -> None:
    """Badge, speech, answer and hang-up end as one closed session with its turns, its bill and its visit."""
    held = talk(gateway.url, token, "B-LEA", [("say", "Les douches sont sales, c'est inadmissible")])
    assert held["badge_outcome"] == "known"
    session = rows(database, "select * from openai_realtime_sessions")[0]
    assert str(session["id"]) == held["session_id"]
    assert (session["state"], session["close_reason"]) == ("closed", "member_left")
    assert session["member_id"] == network.member_id
    turns = rows(database, "select * from session_turns order by position")
    assert [turn["role"] for turn in turns] == ["member", "assistant"]
    assert "douches" in turns[0]["text"].lower()
    assert turns[1]["status"] == "final"
    usage = rows(database, "select source_kind, cost_usd from realtime_usage order by source_kind")
    # Two responses: the one that calls report_issue, and the one that tells its result.
    assert [line["source_kind"] for line in usage] == ["response", "response", "transcription"]
    assert session["cost_usd"] == sum(line["cost_usd"] for line in usage) > 0
    visit = rows(database, "select * from member_visits")[0]
    assert (visit["member_id"], visit["visited_at"]) == (network.member_id, session["started_at"])
    assert rows(database, "select last_visit from gym_members_v2 where id = %s", network.member_id)[0]["last_visit"]
    assert len(rows(database, "select from conversation_summaries where status = 'pending'")) == 1
    audio = rows(database, "select payload from realtime_events where event_type = 'response.output_audio.delta'")
    assert audio and all(row["payload"]["audio_bytes"] > 0 and "delta" not in row["payload"] for row in audio)


def test_typed_lines_and_a_tool_call_are_on_record(database: Database, gateway: GatewayProcess, token: str) -> None:
    """A question about the hours is answered through the tool, which is audited and hidden from the kiosk."""
    held = talk(gateway.url, token, "B-LEA", [("text", "Quels sont les horaires d'ouverture ?")])
    call = rows(database, "select * from tool_calls")[0]
    assert (call["name"], call["status"]) == ("get_opening_hours", "done")
    assert call["output"]["gym"] == "Dax"
    assert call["finished_at"] >= call["started_at"]
    assert [turn["role"] for turn in held["turns"]] == ["member", "assistant"]
    stored = rows(database, "select role, text from session_turns order by position")
    assert [(turn["role"], turn["text"]) for turn in stored] == [(t["role"], t["text"]) for t in held["turns"]]


@pytest.mark.parametrize(
    ("badge", "outcome", "has_member", "visits"),
    [
        ("B-LEA", "known", True, 1),
        ("B-OLD", "inactive", True, 0),
        ("B-PAU", "other_gym", False, 0),
        ("X", "unknown", False, 0),
    ],
)
def test_each_kind_of_badge_opens_its_own_kind_of_session(
    database: Database, gateway: GatewayProcess, token: str, badge: str, outcome: str, has_member: bool, visits: int
) -> None:
    """Known, inactive, other gym and unknown give four outcomes, and only a known one is a visit."""
    held = talk(gateway.url, token, badge, [])
    assert held["badge_outcome"] == outcome
    session = rows(database, "select * from openai_realtime_sessions")[0]
    assert session["badge_outcome"] == outcome
    assert (session["member_id"] is not None) is has_member
    assert len(rows(database, "select from member_visits")) == visits


@pytest.mark.parametrize("badge", ["", "A" * 300])
def test_a_badge_that_cannot_be_one_is_told_at_once(gateway: GatewayProcess, token: str, badge: str) -> None:
    """The gateway's own words, and no wait for a session that will not open."""
    with pytest.raises(KioskError, match=r"refused the badge: found .*uid"):
        talk(gateway.url, token, badge, [("text", "Bonjour")])


def test_who_has_agreed_may_refuse_at_the_next_visit(database: Database, gateway: GatewayProcess, token: str) -> None:
    """The notice asks once; `--no-consent` afterwards takes the session out of the analysis all the same."""
    assert talk(gateway.url, token, "B-LEA", [("text", "Bonjour")])["analysis"] is True
    held = talk(gateway.url, token, "B-LEA", [("text", "Bonjour")], consent=False)
    assert held["analysis"] is False
    summary = rows(database, "select status from conversation_summaries where session_id = %s", held["session_id"])[0]
    assert summary["status"] == "skipped"


def test_a_second_badge_ends_the_first_members_session(database: Database, gateway: GatewayProcess, token: str) -> None:
    """The first session closes as second_badge, and a new one is open for the second badge."""

    async def scan_twice() -> tuple[str, str]:
        async with connected(gateway.url, token) as kiosk:
            first = await kiosk.badge("B-LEA")
            second = await kiosk.badge("B-OLD")
            return first, second

    first, second = asyncio.run(scan_twice())
    assert first != second

    def closed() -> dict[str, str]:
        found = rows(database, "select id, close_reason from openai_realtime_sessions where state = 'closed'")
        return {str(row["id"]): row["close_reason"] for row in found} if len(found) == 2 else {}

    assert wait_until(closed, seconds=60, what="both closes") == {first: "second_badge", second: "member_left"}
