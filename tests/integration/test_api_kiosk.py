"""What a kiosk asks over HTTP: its own sessions, a credential for its websocket, an end, and the tools."""

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from jarvis.settings import Settings
from tests.conftest import Database
from tests.support.api_server import Api, running_api
from tests.support.gateway_processes import GatewayProcess, wait_until
from tests.tenants import made_id

TOOLS = "/api/jarvis/tools"


@pytest.fixture(scope="module")
def api(server_settings: Settings, template_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """One gateway for the module."""
    with running_api(server_settings, template_database, tmp_path_factory.mktemp("kiosk")) as running:
        yield running


@pytest.fixture
def session_id(api: Api) -> UUID:
    """An open session at the kiosk of Dax."""
    identity = uuid4()
    with api.database.admin() as admin:
        admin.execute(
            "insert into public.openai_realtime_sessions (id, gym_id, kiosk_id, lease_until) "
            "values (%s, %s, %s, now() + interval '1 hour')",
            [identity, made_id("gym", "dax"), made_id("kiosk", "dax")],
        )
    return identity


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["error"]["code"])


def calls_of(api: Api, session_id: UUID) -> list[tuple[Any, ...]]:
    """Rows of the audit of tools."""
    with api.database.admin() as admin:
        return admin.execute(
            "select call_id, name, status, output is not null from public.tool_calls where session_id = %s",
            [session_id],
        ).fetchall()


def test_a_tool_runs_once_for_a_call_id(api: Api, session_id: UUID) -> None:
    """Its row is there as for a spoken call; the second time answers what the first one gave."""
    body = {"session_id": str(session_id), "call_id": "c1", "arguments": {"day": "lundi"}}
    with api.kiosk("dax") as kiosk:
        assert "get_opening_hours" in {tool["name"] for tool in kiosk.get(TOOLS).json()["items"]}
        first, second = (kiosk.post(f"{TOOLS}/get_opening_hours", json=body).json() for _ in range(2))
        assert (first["status"], first["is_repeated"], second["is_repeated"]) == ("done", False, True)
        assert first["output"] == second["output"] and first["output"]["day"] == "lundi"
        other = kiosk.post(f"{TOOLS}/get_opening_hours", json={**body, "arguments": {"day": "mardi"}})
        assert code_of(other) == "call_id_taken"
        refused = kiosk.post(
            f"{TOOLS}/get_opening_hours", json={**body, "call_id": "c2", "arguments": {"day": "Freitag"}}
        ).json()
        assert (refused["status"], refused["output"]["ok"]) == ("failed", False)
    assert sorted(calls_of(api, session_id)) == [
        ("c1", "get_opening_hours", "done", True),
        ("c2", "get_opening_hours", "failed", True),
    ]


def test_requests_at_once_are_one_call(api: Api, session_id: UUID) -> None:
    """Four identical ones for each of ten call ids: one runs it, nobody is told that it failed, and no row says so."""
    bodies = [
        {"session_id": str(session_id), "call_id": f"c{number}", "arguments": {"day": "lundi"}}
        for number in range(10)
        for _ in range(4)
    ]
    with api.kiosk("dax") as kiosk, ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda body: kiosk.post(f"{TOOLS}/get_opening_hours", json=body), bodies))
    told = [answer.json() for answer in answers if answer.status_code == 200]
    assert {code_of(answer) for answer in answers if answer.status_code != 200} <= {"call_not_over"}
    assert {answer["status"] for answer in told} == {"done"}
    assert sorted(answer["call_id"] for answer in told if not answer["is_repeated"]) == [f"c{n}" for n in range(10)]
    assert sorted(calls_of(api, session_id)) == [(f"c{n}", "get_opening_hours", "done", True) for n in range(10)]


def test_a_tool_runs_for_an_open_session_of_the_calling_kiosk_only(api: Api, session_id: UUID) -> None:
    """A closed one, another kiosk's, an unknown one and an unknown tool leave no row."""
    with api.kiosk("dax") as kiosk, api.kiosk("pau") as other:
        body = {"call_id": "c1", "arguments": {}}
        closed = {**body, "session_id": str(made_id("session", "dax"))}
        assert code_of(kiosk.post(f"{TOOLS}/get_opening_hours", json=closed)) == "session_closed"
        mine = {**body, "session_id": str(session_id)}
        assert code_of(other.post(f"{TOOLS}/get_opening_hours", json=mine)) == "session_not_found"
        unknown = {**body, "session_id": str(uuid4())}
        assert code_of(kiosk.post(f"{TOOLS}/get_opening_hours", json=unknown)) == "session_not_found"
        assert code_of(kiosk.post(f"{TOOLS}/launch_rocket", json=mine)) == "tool_not_found"
    assert calls_of(api, session_id) == []


def test_a_kiosk_reads_its_own_sessions_and_no_old_words(api: Api, session_id: UUID) -> None:
    """The state of each, the words of those that are open or just over; another kiosk's are unknown."""
    with api.database.admin() as admin:
        admin.execute(
            "insert into public.session_turns (session_id, gym_id, item_id, position, role, text, started_at) "
            "values (%s, %s, 'i1', 0, 'member', 'Bonjour', now())",
            [session_id, made_id("gym", "dax")],
        )
    with api.kiosk("dax") as kiosk, api.kiosk("pau") as other:
        listed = [item["id"] for item in kiosk.get("/api/voice/sessions").json()["items"]]
        assert {str(session_id), str(made_id("session", "dax"))} <= set(listed)
        [its_own] = other.get("/api/voice/sessions").json()["items"]
        assert its_own["id"] == str(made_id("session", "pau"))
        address = f"/api/voice/sessions/{session_id}"
        assert kiosk.get(address).json()["turn_count"] == 1
        assert [turn["text"] for turn in kiosk.get(f"{address}/turns").json()["items"]] == ["Bonjour"]
        assert kiosk.get(f"/api/voice/sessions/{made_id('session', 'dax')}/turns").json()["items"] == []
        for path in (address, f"{address}/turns"):
            assert (other.get(path).status_code, other.get(path).text) == (
                404, other.get(path.replace(str(session_id), str(uuid4()))).text,
            )  # fmt: skip
        assert code_of(kiosk.post(f"{address}/end", json={})) == "session_elsewhere"


def test_without_a_device_token_nothing_is_answered(api: Api) -> None:
    """Neither for a stranger nor for a signed-in person."""
    for client in (api.client(), api.client("jk_nobody")):
        for path in ("/api/voice/sessions", TOOLS):
            assert (client.get(path).status_code, code_of(client.get(path))) == (401, "invalid_token")


def test_a_client_secret_opens_the_websocket_until_its_token_is_revoked(
    database: Database, gateway: GatewayProcess, token: str
) -> None:
    """A session opened with it is ended over HTTP; a made-up, a lapsed and a revoked one are refused."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=gateway.url, headers=headers, trust_env=False, timeout=20) as client:
        secret = client.post("/api/voice/client-secrets").json()["value"]
        assert secret.startswith("ek_")
        assert client.get("/api/voice/sessions", headers={"Authorization": f"Bearer {secret}"}).status_code == 401

        async def converse() -> dict[str, Any]:
            async with connect(
                gateway.url.replace("http", "ws") + "/v1/realtime",
                additional_headers={"Authorization": f"Bearer {secret}"},
                proxy=None,
            ) as socket:
                json.loads(await socket.recv())
                [opened] = (await asyncio.to_thread(client.get, "/api/voice/sessions?state=active")).json()["items"]
                ended = await asyncio.to_thread(
                    client.post, f"/api/voice/sessions/{opened['id']}/end", json={"reason": "member_goodbye"}
                )
                return dict(ended.json())

        ended = asyncio.run(converse())
        assert (ended["state"], ended["close_reason"]) == ("closed", "member_goodbye")
        with database.admin() as admin:
            admin.execute("update app.voice_client_secrets set expires_at = now()")
        fresh = client.post("/api/voice/client-secrets").json()["value"]
        with database.admin() as admin:
            assert admin.execute("select count(*) from app.voice_client_secrets").fetchone() == (1,)
            admin.execute("update public.kiosk_credentials set revoked_at = now() where kind = 'token'")
    wait_until(lambda: _refused(gateway, fresh), seconds=60, what="the refusal")
    assert _refused(gateway, secret) and _refused(gateway, "ek_made-up")


def _refused(gateway: GatewayProcess, key: str) -> bool:
    async def knock() -> bool:
        try:
            async with connect(
                gateway.url.replace("http", "ws") + "/v1/realtime",
                additional_headers={"Authorization": f"Bearer {key}"},
                proxy=None,
            ):
                return False
        except InvalidStatus as refusal:
            return refusal.response.status_code == 401

    return asyncio.run(knock())
