"""A suspended gym is not served: over real websockets, at the handshake, in mid-session, and once it is resumed."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from tests.conftest import Database
from tests.support.gateway_processes import GatewayProcess, new_token
from tests.support.kiosk_sockets import kiosk_socket, last_words, until

SUSPENSIONS = ("update gyms set status = 'suspended' where slug = 'dax'", "update franchises set status = 'suspended'")
RESUMED = "update gyms set status = 'active'; update franchises set status = 'active'"


pytestmark = pytest.mark.one_gateway


def change(database: Database, statement: str) -> None:
    """Done by somebody else, as any role may: the gateway is not asked."""
    with database.admin() as admin:
        admin.execute(statement)


async def refusal_of(gateway: GatewayProcess, token: str, path: str = "/v1/realtime?kiosk=1") -> tuple[int, str]:
    """Status and code of a handshake that must fail."""
    with pytest.raises(InvalidStatus) as refused:
        async with kiosk_socket(gateway, token, path):
            pass
    body = json.loads(refused.value.response.body or b"{}")
    return refused.value.response.status_code, body["error"]["code"]


@pytest.mark.parametrize("suspension", SUSPENSIONS, ids=["gym", "franchise"])
def test_a_kiosk_of_a_suspended_gym_is_refused_until_it_is_resumed(
    database: Database, gateway: GatewayProcess, token: str, suspension: str
) -> None:
    """At the handshake with and without opt-in, for a key, a tool and the screen; heard as alive all the while."""

    def call(method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.request(method, gateway.url + path, headers=headers, trust_env=False, **more)

    secret = call("POST", "/api/voice/client-secrets").json()["value"]
    change(database, suspension)
    assert asyncio.run(refusal_of(gateway, token)) == (403, "gym_suspended")
    assert asyncio.run(refusal_of(gateway, token, "/v1/realtime")) == (403, "gym_suspended")
    # A key that was given before the suspension opens nothing either.
    assert asyncio.run(refusal_of(gateway, secret)) == (403, "gym_suspended")
    refused = [
        call("POST", "/api/voice/client-secrets"),
        call("GET", "/api/voice/sessions"),
        httpx.post(
            gateway.url + "/kiosk/borne-entree/session", cookies={"jarvis_kiosk": token}, trust_env=False
        ),
    ]  # fmt: skip
    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in refused] == [(403, "gym_suspended")] * 3
    assert "L'équipe à l'accueil peut vous aider" in refused[2].json()["error"]["message"]
    assert call("POST", "/api/kiosk/heartbeat", json={}).status_code == 200
    change(database, RESUMED)

    async def served() -> str:
        async with kiosk_socket(gateway, token) as socket:
            await socket.send('{"type": "kiosk.badge.scanned", "uid": "B-LEA"}')
            return str((await until(socket, "kiosk.member.identified"))["first_name"])

    assert asyncio.run(served()) == "Léa"


@pytest.mark.parametrize("suspension", SUSPENSIONS, ids=["gym", "franchise"])
def test_open_connections_end_and_the_member_is_told(
    database: Database, gateway: GatewayProcess, token: str, suspension: str
) -> None:
    """One in mid-session, one at rest: both told why and closed; the session's close is on record as the operator's."""
    resting_token = new_token(database.settings, gateway, name="Borne Sortie")

    async def exchange() -> Any:
        async with kiosk_socket(gateway, token) as speaking, kiosk_socket(gateway, resting_token) as resting:
            await speaking.send('{"type": "kiosk.badge.scanned", "uid": "B-LEA"}')
            await until(speaking, "kiosk.notice")
            await speaking.send('{"type": "kiosk.consent", "analysis": true}')
            await until(speaking, "kiosk.ready")
            await until(resting, "kiosk.config")
            await asyncio.to_thread(change, database, suspension)
            return await asyncio.gather(last_words(speaking), last_words(resting))

    (told, *ending), (resting_told, *resting_ending) = asyncio.run(exchange())
    assert ending == resting_ending == [1008, "gym_suspended"]
    for events in (told, resting_told):
        assert [event["error"]["code"] for event in events if event["type"] == "error"] == ["gym_suspended"]
    assert (told[-1]["type"], told[-1]["reason"]) == ("kiosk.session.closed", "operator")
    with database.admin() as admin:
        row = admin.execute("select state, close_reason from openai_realtime_sessions").fetchone()
    assert row == ("closed", "operator")


def test_an_answer_under_way_is_heard_to_its_end(database: Database, gateway: GatewayProcess, token: str) -> None:
    """The answer that was begun is done, not cancelled, before the session closes."""
    question = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Vos horaires ?"}]}

    async def exchange() -> Any:
        async with kiosk_socket(gateway, token) as socket:
            await socket.send('{"type": "kiosk.session.start"}')
            await until(socket, "kiosk.notice")
            await socket.send('{"type": "kiosk.consent", "analysis": true}')
            await until(socket, "kiosk.ready")
            await socket.send(json.dumps({"type": "conversation.item.create", "item": question}))
            await socket.send('{"type": "response.create"}')
            await until(socket, "response.created")
            await asyncio.to_thread(change, database, SUSPENSIONS[0])
            return await last_words(socket)

    told, code, reason = asyncio.run(exchange())
    kinds = [event["type"] for event in told]
    done = [event["response"]["status"] for event in told if event["type"] == "response.done"]
    assert (code, reason) == (1008, "gym_suspended")
    assert done and set(done) == {"completed"}
    assert kinds.index("error") < kinds.index("kiosk.session.closed")


def test_another_gym_goes_on(database: Database, gateway: GatewayProcess, token: str) -> None:
    """The sibling of a suspended gym keeps its connection, and maintenance suspends nobody."""
    other = new_token(database.settings, gateway, name="Borne", gym="pau")

    async def exchange() -> str:
        async with kiosk_socket(gateway, other) as open_one, kiosk_socket(gateway, token) as suspended:
            await until(suspended, "kiosk.config")
            await asyncio.to_thread(change, database, "update gyms set status = 'maintenance' where slug = 'pau'")
            await asyncio.to_thread(change, database, SUSPENSIONS[0])
            assert (await last_words(suspended))[2] == "gym_suspended"
            await open_one.send('{"type": "kiosk.badge.scanned", "uid": "B-PAU"}')
            return str((await until(open_one, "kiosk.member.identified"))["first_name"])

    assert asyncio.run(exchange()) == "Inès"


def test_a_badge_meets_a_suspension_that_nobody_heard_of(
    database: Database, gateway: GatewayProcess, token: str
) -> None:
    """With its notification lost, the next badge is refused with the sentence, and opens no session."""

    async def exchange() -> Any:
        async with kiosk_socket(gateway, token) as socket:
            await until(socket, "kiosk.config")
            with database.admin() as admin:
                admin.execute("alter table gyms disable trigger service_is_told")
                admin.execute(SUSPENSIONS[0])
            await socket.send('{"type": "kiosk.badge.scanned", "uid": "B-LEA"}')
            return await last_words(socket)

    try:
        told, _, reason = asyncio.run(exchange())
    finally:
        change(database, "alter table gyms enable trigger service_is_told")
    assert {event["error"]["code"] for event in told if event["type"] == "error"} == {"gym_suspended"}
    assert reason == "gym_suspended"
    with database.admin() as admin:
        assert admin.execute("select count(*) from openai_realtime_sessions").fetchone() == (0,)
