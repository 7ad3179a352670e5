"""What a member lives through at a kiosk, with an ear on both wires: four badges, a hand-over, a change of language."""

import asyncio
import json
import time
from typing import Any

import pytest
from websockets.asyncio.client import connect

from tests.conftest import Database, rows
from tests.support.gateway_processes import GatewayProcess, Network, wait_until
from tests.support.upstream_tap import UpstreamTap
from voice_gateway.kiosk.client import connected

pytestmark = pytest.mark.one_gateway


@pytest.fixture(scope="module")
def upstream_url(standing_tap: UpstreamTap) -> str:
    """The gateway's upstream is the tap."""
    return standing_tap.url


class Screen:
    """A kiosk's raw socket: everything it was told, in order."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.frames: list[str] = []

    async def send(self, **event: object) -> None:
        await self.socket.send(json.dumps(event))

    async def until(self, kind: str, **fields: object) -> dict[str, Any]:
        """The next event of this type with these fields; notices that ask are answered with yes on the way."""
        async with asyncio.timeout(15):
            while True:
                frame = await self.socket.recv()
                self.frames.append(frame)
                event: dict[str, Any] = json.loads(frame)
                if event["type"] == "kiosk.notice" and event["needs_answer"]:
                    await self.send(type="kiosk.consent", analysis=True)
                if event["type"] == kind and all(event.get(name) == value for name, value in fields.items()):
                    return event

    async def ask(self, text: str) -> None:
        """The member types, and asks for an answer."""
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
        await self.send(type="conversation.item.create", item=item)
        await self.send(type="response.create")


def test_the_second_member_finds_nothing_of_the_first(
    database: Database, gateway: GatewayProcess, tap: UpstreamTap, token: str
) -> None:
    """A is interrupted by B's badge in the middle of an answer: no name, goal or word of A in any frame after it, on
    the kiosk's side or upstream, and A's session is closed within a second."""
    goal = "Mon objectif est de courir un marathon à Biarritz"

    async def hand_over() -> tuple[list[str], list[dict[str, Any]], float]:
        async with connect(
            gateway.url.replace("http", "ws") + "/v1/realtime?kiosk=1",
            additional_headers={"Authorization": f"Bearer {token}"},
            compression=None,
            max_size=None,
            proxy=None,
        ) as socket:
            screen = Screen(socket)
            await screen.send(type="kiosk.badge.scanned", uid="B-LEA")
            first = (await screen.until("kiosk.ready"))["session_id"]
            await screen.ask(goal)
            await screen.until("response.output_audio.delta")
            told, sent = len(screen.frames), len(tap.events)
            badge_at = time.monotonic()
            await screen.send(type="kiosk.badge.scanned", uid="B-PAU")
            await screen.until("kiosk.session.closed", session_id=first)
            seconds = time.monotonic() - badge_at
            await screen.until("kiosk.ready")
            await screen.ask("Que sais-tu de moi ?")
            await screen.until("response.done")
            await screen.send(type="kiosk.session.end")
            await screen.until("kiosk.session.closed")
            # What was already on its way when the badge was shown is A's own.
            later = screen.frames[told:]
            began = next(index for index, frame in enumerate(later) if "kiosk.member.unknown" in frame)
            return later[began:], tap.events[sent:], seconds

    frames, upstream, seconds = asyncio.run(hand_over())
    assert seconds < 1
    kinds = [json.loads(frame)["type"] for frame in frames]
    assert kinds[0] == "kiosk.member.unknown" and "response.done" in kinds
    for private in ("Léa", "marathon", "Biarritz"):
        assert private not in "".join(frames)
        assert private not in json.dumps(upstream, ensure_ascii=False)
    assert any("s'appelle Inès" in str(event.get("session")) for event in upstream)
    closed = rows(database, "select close_reason, badge_outcome from openai_realtime_sessions order by started_at")
    assert [(row["close_reason"], row["badge_outcome"]) for row in closed] == [
        ("second_badge", "known"),
        ("member_left", "other_gym"),
    ]


@pytest.mark.parametrize(
    ("badge", "name"), [("B-LEA", "Léa"), ("B-OLD", None), ("B-PAU", "Inès"), ("X", None)], ids=str
)
def test_the_assistant_speaks_first(
    database: Database, gateway: GatewayProcess, tap: UpstreamTap, token: str, badge: str, name: str | None
) -> None:
    """By name to whoever has one here; nothing was asked for it but one marked response, after the notice."""

    async def arrive() -> str:
        async with connected(gateway.url, token, greet=True) as kiosk:
            await kiosk.badge(badge)
            await kiosk.seen(lambda: bool(kiosk.turns), "the greeting")
            return kiosk.turns[0].text

    said = asyncio.run(arrive())
    assert [spoken for spoken in ("Léa", "Paul", "Inès") if spoken in said] == ([name] if name else [])
    asked = [event for event in tap.events if event["type"] == "response.create"]
    assert [event["response"] for event in asked] == [{"metadata": {"jarvis_greeting": "true"}}]


def test_a_guest_of_the_network_is_named_and_not_recorded(
    database: Database, gateway: GatewayProcess, network: Network, token: str
) -> None:
    """The sister gym's member is greeted by name; no id, visit or consent of theirs is written by this kiosk."""

    async def visit() -> tuple[str | None, str | None]:
        async with connected(gateway.url, token) as kiosk:
            await kiosk.badge("B-PAU")
            await kiosk.hang_up()
            return kiosk.badge_outcome, kiosk.first_name

    assert asyncio.run(visit()) == ("other_gym", "Inès")
    session = rows(database, "select member_id, gym_id from openai_realtime_sessions")[0]
    assert session == {"member_id": None, "gym_id": network.gym_id}
    assert not rows(database, "select from member_visits") and not rows(database, "select from consents")


@pytest.mark.parametrize(("badge", "name"), [("B-LEA", "Léa"), ("B-PAU", "Inès")], ids=str)
def test_the_event_log_names_nobody(
    database: Database, gateway: GatewayProcess, tap: UpstreamTap, token: str, badge: str, name: str
) -> None:
    """The kiosk greets by name and the prompt holds it; the log keeps of both that they were, and how long."""

    async def visit() -> str | None:
        async with connected(gateway.url, token) as kiosk:
            await kiosk.badge(badge)
            await kiosk.hang_up()
            return kiosk.first_name

    assert asyncio.run(visit()) == name
    prompt = next(event["session"]["instructions"] for event in tap.events if event["type"] == "session.update")
    assert name in prompt
    logged = rows(database, "select direction, event_type, payload from realtime_events order by seq")
    assert name not in json.dumps([row["payload"] for row in logged], ensure_ascii=False)
    assert {row["event_type"] for row in logged} >= {"session.update", "session.updated"}
    about_session = [row["payload"]["session"] for row in logged if "session" in row["payload"]]
    assert not any("instructions" in session for session in about_session)
    ours = next(row["payload"]["session"] for row in logged if row["direction"] == "upstream_out")
    assert ours["instructions_length"] == len(prompt)
    greeted = next(row for row in logged if row["event_type"].startswith("kiosk.member."))
    assert "first_name" not in greeted["payload"]


def test_a_badge_that_two_gyms_gave_to_two_people_names_nobody(
    database: Database, gateway: GatewayProcess, network: Network, token: str
) -> None:
    """And one whose holder has left the other gym is unknown here."""
    with database.admin() as connection:
        third = connection.execute(
            "insert into gyms (franchise_id, slug, name) values (%s, 'bayonne', 'Bayonne') returning id",
            [network.franchise_id],
        ).fetchone()
        assert third
        for badge, name, is_active in (("B-PAU", "Marc", True), ("B-GONE", "Zoé", False)):
            connection.execute(
                "insert into gym_members_v2 (gym_id, badge_id, first_name, is_active) values (%s, %s, %s, %s)",
                [third[0], badge, name, is_active],
            )

    async def scan(badge: str) -> tuple[str | None, str | None]:
        async with connected(gateway.url, token) as kiosk:
            await kiosk.badge(badge)
            return kiosk.badge_outcome, kiosk.first_name

    assert asyncio.run(scan("B-PAU")) == ("other_gym", None)
    assert asyncio.run(scan("B-GONE")) == ("unknown", None)


def test_a_session_changes_its_language(
    database: Database, gateway: GatewayProcess, tap: UpstreamTap, token: str
) -> None:
    """The upstream is told in one update that leaves the voice alone; the row says which language was spoken."""

    async def switch() -> None:
        async with connected(gateway.url, token) as kiosk:
            await kiosk.badge("B-LEA")
            await kiosk.send({"type": "kiosk.language", "language": "en"})
            await kiosk.seen(lambda: bool(kiosk.notice and kiosk.notice["language"] == "en"), "the English notice")
            await kiosk.hang_up()

    asyncio.run(switch())
    first, second = [event["session"] for event in tap.events if event["type"] == "session.update"]
    assert first["audio"]["input"]["transcription"]["language"] == "fr"
    assert second["audio"] == {
        "input": {"transcription": {**first["audio"]["input"]["transcription"], "language": "en"}}
    }
    assert "uniquement l'anglais" in second["instructions"] and "Léa" in second["instructions"]
    assert wait_until(
        lambda: [
            row for row in rows(database, "select language from openai_realtime_sessions") if row["language"] == "en"
        ],
        seconds=5,
        what="the row",
    )
