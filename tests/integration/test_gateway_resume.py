"""A kiosk's connection breaks in mid-session: it comes back to the same one, or the session ends."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import connect

from tests.conftest import Database, rows
from tests.support.gateway_processes import GatewayProcess, new_token, wait_until

pytestmark = pytest.mark.one_gateway


@pytest.fixture(scope="module")
def session_settings() -> Mapping[str, object]:
    """The gateway waits three seconds for a kiosk."""
    return {"RESUME_SECONDS": 3}


class Screen:
    """A kiosk's raw socket."""

    def __init__(self, socket: Any) -> None:
        self.socket = socket

    async def send(self, **event: object) -> None:
        await self.socket.send(json.dumps(event))

    async def until(self, *kinds: str) -> dict[str, Any]:
        """The next event of one of these types; notices that ask are answered with yes on the way."""
        async with asyncio.timeout(15):
            while True:
                event: dict[str, Any] = json.loads(await self.socket.recv())
                if event["type"] == "kiosk.notice" and event["needs_answer"]:
                    await self.send(type="kiosk.consent", analysis=True)
                if event["type"] in kinds:
                    return event

    async def ask(self, text: str) -> None:
        """The member types, and asks for an answer."""
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": text}]}
        await self.send(type="conversation.item.create", item=item)
        await self.send(type="response.create")


@asynccontextmanager
async def screen_of(gateway: GatewayProcess, token: str) -> AsyncIterator[Screen]:
    """A kiosk on a connection of its own."""
    async with connect(
        gateway.url.replace("http", "ws") + "/v1/realtime?kiosk=1",
        additional_headers={"Authorization": f"Bearer {token}"},
        compression=None,
        max_size=None,
        proxy=None,
    ) as socket:
        yield Screen(socket)


async def begin_and_break(gateway: GatewayProcess, token: str) -> str:
    """A member is in the middle of an answer when the connection breaks; the session's id."""
    async with screen_of(gateway, token) as screen:
        await screen.send(type="kiosk.badge.scanned", uid="B-LEA")
        session_id: str = (await screen.until("kiosk.ready"))["session_id"]
        await screen.ask("Bonjour")
        await screen.until("response.done")
        screen.socket.transport.abort()
        return session_id


def test_a_kiosk_comes_back_to_its_session(database: Database, gateway: GatewayProcess, token: str) -> None:
    """The same device goes on where it was: one session, one upstream, one visit, and the next question is answered."""

    async def scenario() -> str:
        session_id = await begin_and_break(gateway, token)
        async with screen_of(gateway, token) as screen:
            await screen.send(type="kiosk.session.resume", session_id=session_id)
            resumed = await screen.until("kiosk.session.resumed", "error")
            assert (resumed["type"], resumed.get("session_id")) == ("kiosk.session.resumed", session_id)
            await screen.ask("Quels sont les horaires ?")
            await screen.until("response.done")
            await screen.send(type="kiosk.session.end")
            await screen.until("kiosk.session.closed")
        return session_id

    session_id = asyncio.run(scenario())
    sessions = rows(database, "select id, close_reason from openai_realtime_sessions")
    assert [(str(row["id"]), row["close_reason"]) for row in sessions] == [(session_id, "member_left")]
    assert len(rows(database, "select from member_visits")) == 1
    assert len(rows(database, "select from session_turns where role = 'member'")) == 2
    created = "select from realtime_events where event_type = 'session.created' and direction = 'upstream_in'"
    assert len(rows(database, created)) == 1


def test_nobody_else_takes_a_session_over(database: Database, gateway: GatewayProcess, token: str) -> None:
    """Another kiosk's token, a session that nobody knows, no id, and a closed session get the same error; the next
    badge is served."""
    other = new_token(database.settings, gateway, name="Borne Deux")

    async def refused(holder: str, session_id: object) -> str:
        async with screen_of(gateway, holder) as screen:
            await screen.send(type="kiosk.session.resume", session_id=session_id)
            return str((await screen.until("error", "kiosk.session.resumed"))["error"]["code"])

    async def scenario() -> None:
        session_id = await begin_and_break(gateway, token)
        for holder, asked in ((other, session_id), (token, "00000000-0000-4000-8000-000000000000"), (token, None)):
            assert await refused(holder, asked) == "session_not_resumable"
        async with screen_of(gateway, token) as screen:
            await screen.send(type="kiosk.badge.scanned", uid="B-OLD")
            await screen.until("kiosk.ready")
        await asyncio.to_thread(wait_until, lambda: closed(session_id), seconds=60, what="the close")
        assert await refused(token, session_id) == "session_not_resumable"

    def closed(session_id: str) -> list[dict[str, Any]]:
        return rows(database, "select from openai_realtime_sessions where id = %s and state = 'closed'", session_id)

    asyncio.run(scenario())
    reasons = rows(database, "select close_reason from openai_realtime_sessions where badge_outcome = 'known'")
    assert reasons == [{"close_reason": "kiosk_lost"}]


def test_a_kiosk_that_stays_away_ends_its_session(database: Database, gateway: GatewayProcess, token: str) -> None:
    """After the grace it is closed as kiosk_lost, every answer with its bill."""
    session_id = asyncio.run(begin_and_break(gateway, token))
    session = wait_until(
        lambda: rows(database, "select * from openai_realtime_sessions where id = %s and state = 'closed'", session_id),
        seconds=10,
        what="the close",
    )[0]
    assert session["close_reason"] == "kiosk_lost"
    away = rows(database, "select occurred_at from realtime_events where event_type = 'kiosk.away'")[0]["occurred_at"]
    assert 2.9 < (session["ended_at"] - away).total_seconds() < 6
    assert len(rows(database, "select from realtime_usage where source_kind = 'response'")) == 1
