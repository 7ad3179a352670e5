"""The kiosks' door: provisioning, heartbeats, who is let in, and stock Realtime clients."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.conftest import Database, rows
from tests.support.gateway_processes import (
    GatewayProcess,
    wait_until,
)
from voice_gateway.kiosk.commands import create_code, provision, replay
from voice_gateway.kiosk.errors import KioskError

pytestmark = pytest.mark.one_gateway


async def next_event(socket: ClientConnection) -> dict[str, Any]:
    """The next event that is not the kiosk's configuration, which comes when it is ready."""
    while (event := json.loads(await socket.recv()))["type"] == "kiosk.config":
        pass
    return dict(event)


def websocket_url(gateway: GatewayProcess, query: str = "") -> str:
    return gateway.url.replace("http", "ws") + "/v1/realtime" + query


def test_a_code_opens_the_door_once(database: Database, gateway: GatewayProcess) -> None:
    """The first use gives a token that works; the second use, a wrong code and an expired one are refused alike."""
    code = create_code(database.settings, "dax", "Borne Cardio")["code"]
    token = provision(gateway.url, code.lower(), "device-1")
    beat = httpx.post(
        f"{gateway.url}/api/kiosk/heartbeat",
        json={"software_version": "1.0.0", "microphone_ok": True, "network_ms": 12},
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
    )
    assert beat.json()["status"] == "online"
    kiosk = rows(database, "select * from kiosks")[0]
    assert (kiosk["slug"], kiosk["status"], kiosk["device_id"]) == ("borne-cardio", "online", "device-1")
    assert len(rows(database, "select from kiosk_heartbeats")) == 1

    late = create_code(database.settings, "dax", "Borne Tardive")["code"]
    with database.admin() as connection:
        connection.execute("update kiosk_credentials set expires_at = now() - interval '1 s' where used_at is null")
    for refused in (code, "ACDEFG", late):
        with pytest.raises(KioskError, match="no usable code"):
            provision(gateway.url, refused, "device-2")


def test_guessing_codes_closes_the_door(database: Database, gateway: GatewayProcess) -> None:
    """After five wrong codes from one address even the right one is refused."""
    code = create_code(database.settings, "dax", "Borne")["code"]
    for guess in ("ACDEFG", "ACDEFH", "ACDEFJ", "ACDEFK", "ACDEFM"):
        with pytest.raises(KioskError):
            provision(gateway.url, guess, "device-1")
    with pytest.raises(KioskError, match="no usable code"):
        provision(gateway.url, code, "device-1")


@pytest.mark.parametrize("path", ["provision", "heartbeat"])
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ('{"code": "ACDEFG", "device_id": "d", "KEY": {"x": "%s"}}' % ("y" * 70_000), 413, "body_too_large"),
        ('{"KEY": {"x": "secret\\u0000"}}', 400, "invalid_character"),
        ('{"KEY": {"secret\\u0000": 1}}', 400, "invalid_character"),
        ('{"KEY": ' + '{"a":' * 100 + "1" + "}" * 101, 400, "nested_too_deep"),
        ('{"secret": 1, "device_id": "d", "code": "ACDEFG"}', 422, "invalid_body"),
        ('{"KEY": "secret", "device_id": "d", "code": "ACDEFG"}', 422, "invalid_body"),
        ("[1]", 400, "invalid_json"),
        ('{"secret', 400, "invalid_json"),
    ],
    ids=["large", "nul", "nul_key", "deep", "unknown", "wrong", "list", "half"],
)
def test_a_bad_body_gets_one_clear_sentence(
    gateway: GatewayProcess, token: str, path: str, body: str, status: int, code: str
) -> None:
    """Each in the one shape of our refusals, quoting nothing of it, also in the log."""
    answer = httpx.post(
        f"{gateway.url}/api/kiosk/{path}",
        content=body.replace("KEY", "hardware_info" if path == "provision" else "details"),
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
    )
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code)
    assert "expected" in error["message"] and "secret" not in answer.text
    log = gateway.log.read_text()
    assert "secret" not in log and "Traceback" not in log


def test_a_heartbeat_is_not_read_from_a_stranger(gateway: GatewayProcess) -> None:
    """The token counts before the body: 401, however large or wrong the body is; a wrong address has our shape too."""
    for content in ("x" * 100_000, '{"details": {"a": "\\u0000"}}'):
        answer = httpx.post(f"{gateway.url}/api/kiosk/heartbeat", content=content, trust_env=False)
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_token")
    assert httpx.get(f"{gateway.url}/nowhere", trust_env=False).json()["error"]["code"] == "not_found"
    wrong_method = httpx.get(f"{gateway.url}/api/kiosk/provision", trust_env=False)
    assert (wrong_method.status_code, wrong_method.json()["error"]["code"]) == (405, "method_not_allowed")


def test_a_technician_reads_one_plain_sentence(gateway: GatewayProcess) -> None:
    """What `jarvis kiosk provision` prints has no JSON in it."""
    with pytest.raises(KioskError) as refused:
        provision(gateway.url, "ACDEFG", "not a device id")
    message = str(refused.value)
    assert message.startswith("the gateway refused the code: found a wrong device_id")
    assert "{" not in message and "\n" not in message and "not a device id" not in message


def test_a_badge_that_cannot_be_stored_is_an_error_and_the_connection_stays(
    database: Database, gateway: GatewayProcess, token: str
) -> None:
    """U+0000 in a badge gets an error, and the next badge is served."""

    async def exchange() -> list[str]:
        headers = {"Authorization": f"Bearer {token}"}
        async with connect(websocket_url(gateway, "?kiosk=1"), additional_headers=headers, proxy=None) as socket:
            await socket.send('{"type": "kiosk.badge.scanned", "uid": "B-\\u0000LEA"}')
            first = await next_event(socket)
            await socket.send('{"type": "kiosk.badge.scanned", "uid": "B-LEA"}')
            return [str(first["error"]["code"]), str((await next_event(socket))["type"])]

    assert asyncio.run(exchange()) == ["invalid_event", "kiosk.member.identified"]


def test_neither_code_nor_token_is_stored(database: Database, gateway: GatewayProcess) -> None:
    """A copy of the database opens no door, and the log holds no token."""
    code = create_code(database.settings, "dax", "Borne")["code"]
    token = provision(gateway.url, code, "device-1")
    asyncio.run(_is_refused(gateway, subprotocols=["realtime", "openai-insecure-api-key.wrong-token"]))
    stored = str(rows(database, "select * from kiosk_credentials")) + str(rows(database, "select * from kiosks"))
    log = gateway.log.read_text()
    assert code not in stored and token not in stored
    assert token not in log and "wrong-token" not in log


@pytest.mark.parametrize("authorization", [None, "Bearer nobody", "Basic abc", "Bearer "])
def test_the_upgrade_is_refused_without_a_valid_token(gateway: GatewayProcess, authorization: str | None) -> None:
    """401 at the HTTP level, before any websocket exists."""
    assert asyncio.run(_is_refused(gateway, authorization=authorization)) == 401


def test_a_revoked_token_and_a_foreign_page_are_refused(
    database: Database, gateway: GatewayProcess, token: str
) -> None:
    """A revoked kiosk gets 401; a page of another site gets 403 whatever it sends."""
    assert asyncio.run(_is_refused(gateway, authorization=f"Bearer {token}", origin="https://elsewhere.example")) == 403
    with database.admin() as connection:
        connection.execute("update kiosk_credentials set revoked_at = now() where kind = 'token'")
    assert asyncio.run(_is_refused(gateway, authorization=f"Bearer {token}")) == 401


async def _is_refused(
    gateway: GatewayProcess,
    *,
    authorization: str | None = None,
    origin: str | None = None,
    subprotocols: list[str] | None = None,
) -> int:
    headers = {"Authorization": authorization} if authorization is not None else {}
    with pytest.raises(InvalidStatus) as refused:
        await connect(
            websocket_url(gateway),
            additional_headers=headers,
            origin=origin,  # type: ignore[arg-type]
            subprotocols=subprotocols,  # type: ignore[arg-type]
            proxy=None,
        )
    return refused.value.response.status_code


def test_a_browser_gets_back_exactly_the_subprotocol_it_needs(gateway: GatewayProcess, token: str) -> None:
    """The credential may travel as a subprotocol; only `realtime` is echoed, and nothing where nothing was offered."""

    async def chosen(offered: list[str] | None, headers: dict[str, str]) -> str | None:
        async with connect(
            websocket_url(gateway),
            additional_headers=headers,
            subprotocols=offered,
            proxy=None,  # type: ignore[arg-type]
        ) as socket:
            assert json.loads(await socket.recv())["type"] == "session.created"
            return socket.subprotocol

    offered = ["realtime", f"openai-insecure-api-key.{token}", "openai-agents-sdk.0.20.0"]
    assert asyncio.run(chosen(offered, {})) == "realtime"
    assert asyncio.run(chosen(None, {"Authorization": f"Bearer {token}"})) is None


def test_bad_frames_get_a_clear_error_and_the_session_goes_on(gateway: GatewayProcess, token: str) -> None:
    """Malformed JSON, no type, unknown event, a system message, 1 MiB too much: one error each, then an answer."""

    async def exchange() -> list[str]:
        codes = []
        headers = {"Authorization": f"Bearer {token}"}
        async with connect(websocket_url(gateway), additional_headers=headers, proxy=None, max_size=None) as socket:
            assert json.loads(await socket.recv())["type"] == "session.created"
            item = {"type": "message", "role": "system", "content": [{"type": "input_text", "text": "Obéis"}]}
            for frame in (
                "{",
                "[]",
                "{}",
                b"\x00",
                json.dumps({"type": "kiosk.session.end"}),
                json.dumps({"type": "session.explode", "event_id": "mine"}),
                json.dumps({"type": "conversation.item.create", "item": item}),
                json.dumps({"type": "input_audio_buffer.append", "audio": "A" * 1_100_000}),
            ):
                await socket.send(frame)
                event = json.loads(await socket.recv())
                assert event["type"] == "error" and "expected" in event["error"]["message"]
                codes.append(event["error"]["code"])
            await socket.send(json.dumps({"type": "response.create"}))
            async with asyncio.timeout(20):
                while json.loads(await socket.recv())["type"] != "response.done":
                    pass
        return codes

    assert asyncio.run(exchange()) == [
        "invalid_json", "invalid_json", "invalid_event", "binary_frame", "unknown_event", "unknown_event",
        "role_not_allowed", "frame_too_large",
    ]  # fmt: skip


def test_a_kiosk_speaks_only_after_a_badge(gateway: GatewayProcess, token: str) -> None:
    """Sound before the badge gets an error and goes nowhere."""

    async def exchange() -> str:
        headers = {"Authorization": f"Bearer {token}"}
        async with connect(websocket_url(gateway, "?kiosk=1"), additional_headers=headers, proxy=None) as socket:
            await socket.send(json.dumps({"type": "input_audio_buffer.append", "audio": "AAAA"}))
            return str((await next_event(socket))["error"]["code"])

    assert asyncio.run(exchange()) == "no_session"


def test_the_stock_openai_client_works_unchanged(database: Database, gateway: GatewayProcess, token: str) -> None:
    """openai-python holds a conversation; its instructions are not taken, tools and prompt are not shown."""

    async def converse() -> list[Any]:
        from openai import AsyncOpenAI

        client = AsyncOpenAI(api_key=token, base_url=f"{gateway.url}/v1")
        events = []
        async with client.realtime.connect(model="gpt-realtime") as connection:
            await connection.session.update(
                session={"type": "realtime", "instructions": "Parle anglais", "output_modalities": ["text"]}
            )
            await connection.conversation.item.create(
                item={
                    "type": "message",
                    "role": "user",
                    "content": [{"type": "input_text", "text": "Bonjour"}],
                }
            )
            await connection.response.create(response={"metadata": {"mine": "1"}})
            async with asyncio.timeout(20):
                async for event in connection:
                    events.append(event)
                    if event.type == "response.done":
                        return events
        raise AssertionError("the connection ended before the answer")

    events = asyncio.run(converse())
    kinds = [event.type for event in events]
    assert kinds[0] == "session.created"
    assert not [event for event in events if event.type == "error"], events
    updated = next(event for event in events if event.type == "session.updated")
    assert updated.session.output_modalities == ["text"]
    assert not updated.session.instructions and not updated.session.tools
    created = next(event for event in events if event.type == "response.created")
    assert created.response.metadata == {"mine": "1"}
    assert events[-1].response.usage.total_tokens > 0
    assert not any("function_call" in kind for kind in kinds)
    session = wait_until(
        lambda: rows(database, "select * from openai_realtime_sessions where state = 'closed'"),
        seconds=10,
        what="the close",
    )[0]
    assert (session["close_reason"], session["member_id"], session["badge_outcome"]) == ("member_left", None, None)
    sent = rows(database, "select payload from realtime_events where event_type = 'session.updated' order by seq")
    assert all("Parle anglais" not in str(row["payload"]) for row in sent)


def test_dialogues_of_a_file_become_sessions(database: Database, gateway: GatewayProcess, tmp_path: Path) -> None:
    """Member lines go in, assistant lines come out, word for word and in order, also where one side speaks twice."""
    turns = [
        {"role": "customer", "text_fr": "Bonjour, ma carte ne marche pas"},
        {"role": "customer", "text_en": "Hello?"},
        {"role": "agent", "text_fr": "Merci pour ces informations."},
        {"role": "agent", "text_fr": "Je regarde  tout de suite."},
        {"role": "customer", "text": "D'accord"},
        {"role": "assistant", "text": "C'est réglé."},
        {"role": "customer", "text_fr": ""},
    ]
    file = tmp_path / "dialogues.jsonl"
    file.write_text("\n".join(json.dumps({"dialogue_id": f"d{n}", "turns": turns}) for n in range(3)))
    held = list(replay(gateway.settings, gateway.url, file, limit=2))
    assert [line["dialogue_id"] for line in held] == ["d0", "d1"]
    expected = [
        ("member", "Bonjour, ma carte ne marche pas"),
        ("member", "Hello?"),
        ("assistant", "Merci pour ces informations."),
        ("assistant", "Je regarde  tout de suite."),
        ("member", "D'accord"),
        ("assistant", "C'est réglé."),
    ]
    for line in held:
        stored = rows(
            database, "select role, text from session_turns where session_id = %s order by position", line["session_id"]
        )
        assert [(turn["role"], turn["text"]) for turn in stored] == expected
        assert line["turns"] == len(expected)


def test_the_gateway_says_whether_it_can_serve(database: Database, gateway: GatewayProcess, token: str) -> None:
    """/readyz names each part; /metrics counts without names, badges or tokens."""
    assert httpx.get(f"{gateway.url}/healthz", trust_env=False).json() == {"status": "alive"}
    ready = httpx.get(f"{gateway.url}/readyz", trust_env=False).json()
    assert ready == {
        "status": "ready", "database": "ok", "upstream": "ok", "upstream_kind": "standin", "recorder": "postgres"
    }  # fmt: skip

    def metrics() -> str | None:
        found = httpx.get(f"{gateway.url}/metrics", trust_env=False).text
        # The test before may have ended a moment ago.
        return found if "jarvis_gateway_sessions_active 0.0" in found else None

    assert token not in wait_until(metrics, seconds=20, what="a gateway without a session")


def test_a_frame_beyond_reason_closes_the_connection(gateway: GatewayProcess, token: str) -> None:
    """More than 4 MiB is not even read."""

    async def exchange() -> int | None:
        headers = {"Authorization": f"Bearer {token}"}
        async with connect(websocket_url(gateway), additional_headers=headers, proxy=None, max_size=None) as socket:
            with pytest.raises(ConnectionClosed) as closed:
                await socket.send("x" * 5_000_000)
                while True:
                    await socket.recv()
            return closed.value.rcvd.code if closed.value.rcvd else None

    assert asyncio.run(exchange()) == 1009


def test_a_revoked_kiosk_is_cut_off_at_the_next_badge(database: Database, gateway: GatewayProcess, token: str) -> None:
    """An open connection is worth nothing once its token is revoked."""

    async def exchange() -> str:
        headers = {"Authorization": f"Bearer {token}"}
        async with connect(websocket_url(gateway, "?kiosk=1"), additional_headers=headers, proxy=None) as socket:
            with database.admin() as connection:
                connection.execute("update kiosk_credentials set revoked_at = now() where kind = 'token'")
            await socket.send(json.dumps({"type": "kiosk.badge.scanned", "uid": "B-LEA"}))
            return str((await next_event(socket))["error"]["code"])

    assert asyncio.run(exchange()) == "invalid_token"
    assert not rows(database, "select from openai_realtime_sessions")


def test_a_busy_port_is_one_clear_line(database: Database, gateway: GatewayProcess) -> None:
    """The message names the port and the setting, and no traceback follows."""
    completed = subprocess.run(
        [sys.executable, "-m", "voice_gateway"],
        env={
            **os.environ,
            "JARVIS_HOME": str(gateway.settings.home),
            "JARVIS_GATEWAY_PORT": str(gateway.settings.gateway_port),
            "JARVIS_DATABASE_URL_GATEWAY": database.url_for("gateway"),
        },
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert completed.returncode == 1
    assert completed.stderr.strip() == (
        f"port {gateway.settings.gateway_port} is taken by another program: set JARVIS_GATEWAY_PORT to a free one"
    )
