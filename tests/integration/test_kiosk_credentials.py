"""Codes under attack, tokens that are renewed, and revocations that reach an open connection at once."""

import asyncio
import json
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from jarvis.kiosks import CODE_ALPHABET, Holder
from tests.conftest import Database
from tests.support.gateway_processes import GatewayProcess, new_token, running_gateway, wait_until
from tests.support.kiosk_sockets import kiosk_socket, last_words, until
from voice_gateway.kiosk.commands import create_code, provision, revoke, rotate
from voice_gateway.kiosk.errors import KioskError

pytestmark = pytest.mark.one_gateway


def try_code(gateway: GatewayProcess, code: str, *, address: str = "127.0.0.1") -> httpx.Response:
    """The answer to one try from one address of this machine."""
    with httpx.Client(transport=httpx.HTTPTransport(local_address=address), base_url=gateway.url) as client:
        return client.post("/api/kiosk/provision", json={"code": code, "device_id": "device-1"})


def wrong_codes(code: str, count: int) -> list[str]:
    """Codes that are meant for the same kiosk as this one, and are not it."""
    endings = ("".join(letters) for letters in product(CODE_ALPHABET, repeat=4))
    return [made for ending in endings if (made := code[:2] + ending) != code][:count]


def beat(gateway: GatewayProcess, token: str) -> int:
    """Status of a heartbeat."""
    answer = httpx.post(
        f"{gateway.url}/api/kiosk/heartbeat", json={}, headers={"Authorization": f"Bearer {token}"}, trust_env=False
    )
    return answer.status_code


def test_five_wrong_tries_close_a_code_wherever_they_come_from(database: Database, gateway: GatewayProcess) -> None:
    """Five tries from five addresses: the sixth is refused though it is right; another kiosk's code still works."""
    code = create_code(database.settings, "dax", "Borne A")["code"]
    other = next(
        made for _ in range(9) if (made := create_code(database.settings, "dax", "Borne B")["code"])[:2] != code[:2]
    )
    for number, wrong in enumerate(wrong_codes(code, 5), start=2):
        assert try_code(gateway, wrong, address=f"127.0.0.{number}").status_code == 403
    assert try_code(gateway, code, address="127.0.0.9").status_code == 403
    assert try_code(gateway, other, address="127.0.0.9").status_code == 200


def test_the_fifth_try_may_be_the_right_one(database: Database, gateway: GatewayProcess) -> None:
    """Four wrong tries leave one."""
    code = create_code(database.settings, "dax", "Borne")["code"]
    for number, wrong in enumerate(wrong_codes(code, 4), start=2):
        try_code(gateway, wrong, address=f"127.0.0.{number}")
    assert try_code(gateway, code).status_code == 200


def test_refusals_do_not_say_why(database: Database, gateway: GatewayProcess) -> None:
    """Wrong, used, expired, revoked and tried too often: one and the same answer, byte for byte."""
    settings = database.settings
    used, expired, revoked, worn = (create_code(settings, "dax", f"Borne {name}")["code"] for name in "ABCD")
    assert try_code(gateway, used).status_code == 200
    revoke(settings, "dax", "borne-c")
    with database.admin() as admin:
        admin.execute(
            "update kiosk_credentials set expires_at = now() where lookup = %s and used_at is null", [expired[:2]]
        )
        admin.execute("update kiosk_credentials set tried_count = 5 where lookup = %s and used_at is null", [worn[:2]])
    answers = [
        try_code(gateway, code, address=f"127.0.0.{number}")
        for number, code in enumerate((used, expired, revoked, worn, wrong_codes(used, 1)[0]), start=2)
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {(403, answers[0].content)}


def test_a_code_that_is_tried_twice_at_once_gives_one_token(database: Database, gateway: GatewayProcess) -> None:
    """Ten copies of the right try from ten addresses at the same moment: one token, nine refusals."""
    code = create_code(database.settings, "dax", "Borne")["code"]
    with ThreadPoolExecutor(10) as threads:
        answers = list(
            threads.map(lambda number: try_code(gateway, code, address=f"127.0.0.{number}").status_code, range(2, 12))
        )
    assert sorted(answers) == [200] + [403] * 9


def test_guesses_at_once_count_like_guesses_in_turn(database: Database, gateway: GatewayProcess) -> None:
    """Twenty at the same moment from one address: five are looked at, and the code is closed."""
    code = create_code(database.settings, "dax", "Borne")["code"]
    with ThreadPoolExecutor(20) as threads:
        list(threads.map(lambda wrong: try_code(gateway, wrong), wrong_codes(code, 20)))
    with database.admin() as admin:
        tried = admin.execute("select tried_count from kiosk_credentials where kind = 'code'").fetchone()
        failures = admin.execute("select count(*) from app.provisioning_failures").fetchone()
    assert (tried, failures) == ((5,), (5,))
    assert try_code(gateway, code).status_code == 403


def test_a_renewed_token_ends_the_old_one_with_its_first_use(gateway: GatewayProcess, token: str) -> None:
    """Both work until the new one is used, then only the new one; the old one renews nothing any more."""
    new = rotate(gateway.url, token)
    assert beat(gateway, token) == 200
    assert beat(gateway, new) == 200
    assert beat(gateway, token) == 401
    with pytest.raises(KioskError, match="refused to renew"):
        rotate(gateway.url, token)


def test_a_renewal_whose_answer_got_lost_locks_nobody_out(
    database: Database, gateway: GatewayProcess, token: str
) -> None:
    """Unused tokens lapse, or give way to the next renewal; the old one goes on."""
    lost, late = rotate(gateway.url, token), rotate(gateway.url, token)
    assert beat(gateway, lost) == 401
    with database.admin() as admin:
        admin.execute("update kiosk_credentials set expires_at = now() where expires_at > now() and kind = 'token'")
    assert beat(gateway, late) == 401
    assert beat(gateway, token) == 200


def test_page_and_agent_hold_tokens_of_their_own(database: Database, gateway: GatewayProcess) -> None:
    """Either is provisioned again without the other; revoking the kiosk ends both, and is on record."""
    page = new_token(database.settings, gateway)
    codes = [create_code(database.settings, "dax", "Borne Entrée", holder=Holder.AGENT)["code"] for _ in range(2)]
    agent = provision(gateway.url, codes[1], "agent-1")
    assert (beat(gateway, page), beat(gateway, agent)) == (200, 200)
    assert revoke(database.settings, "dax", "borne-entree")["tokens_revoked"] == 2
    assert (beat(gateway, page), beat(gateway, agent)) == (401, 401)
    with database.admin() as admin:
        actions = admin.execute("select action, actor_role from audit_log order by id").fetchall()
        assert actions == [
            ("kiosk_provisioned", "jarvis_gateway"),
            ("kiosk_provisioned", "jarvis_gateway"),
            ("kiosk_revoked", "jarvis_pipeline"),
        ]
        assert admin.execute("select status, device_id from kiosks").fetchall() == [
            ("provisioning", "device-426f726e652d456e7472c3a965")
        ]
    with pytest.raises(KioskError, match="expected one of: borne-entree"):
        revoke(database.settings, "dax", "borne-sortie")


def test_a_revocation_cuts_open_connections_at_every_gateway(
    database: Database, gateway: GatewayProcess, standin_port: int, tmp_path: Path, token: str
) -> None:
    """One on each of two gateways, one of them in mid-session: told why, closed on record, the other kiosk unharmed."""
    other_token = new_token(database.settings, gateway, name="Borne Sortie")

    async def exchange(second: GatewayProcess) -> tuple[Any, Any, bool]:
        async with (
            kiosk_socket(gateway, token) as speaking,
            kiosk_socket(second, token) as idle,
            kiosk_socket(second, other_token) as other,
        ):
            await speaking.send('{"type": "kiosk.badge.scanned", "uid": "B-LEA"}')
            await until(speaking, "kiosk.member.identified")
            await asyncio.to_thread(revoke, database.settings, "dax", "borne-entree")
            both = await asyncio.gather(last_words(speaking), last_words(idle))
            await other.send('{"type": "kiosk.session.start"}')
            return *both, json.loads(await other.recv())["type"].startswith("kiosk.")

    with running_gateway(database.settings, standin_port=standin_port, log=tmp_path / "second.log") as second:
        (told, *ending), (idle_told, *idle_ending), is_other_served = asyncio.run(exchange(second))
    assert ending == idle_ending == [1008, "token_revoked"]
    assert is_other_served
    for events in (told, idle_told):
        assert [event["error"]["code"] for event in events if event["type"] == "error"] == ["invalid_token"]
    assert (told[-1]["type"], told[-1]["reason"]) == ("kiosk.session.closed", "operator")
    with database.admin() as admin:
        row = admin.execute("select state, close_reason from openai_realtime_sessions order by started_at").fetchone()
    assert row == ("closed", "operator")


def test_a_lost_notification_is_made_up_for(database: Database, gateway: GatewayProcess, token: str) -> None:
    """Revoked unheard, and the listening connection dies: the next one begins with a look at everybody."""

    def kill_listener(admin: psycopg.Connection) -> bool:
        found = admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where application_name = 'jarvis-gateway-devices' and datname = current_database()"
        )
        return bool(found.fetchall())

    async def exchange() -> Any:
        async with kiosk_socket(gateway, token) as socket:
            # Only once it is known that the connection was let in.
            await socket.send('{"type": "kiosk.nonsense"}')
            await socket.recv()
            with database.admin() as admin:
                # Last of all: a tenth of a second later the next connection looks.
                admin.execute("alter table kiosk_credentials disable trigger revocation_is_told")
                admin.execute("update kiosk_credentials set revoked_at = now() where kind = 'token'")
                wait_until(lambda: kill_listener(admin), seconds=60, what="the listener")
            return await last_words(socket)

    try:
        _, code, reason = asyncio.run(exchange())
    finally:
        with database.admin() as admin:
            admin.execute("alter table kiosk_credentials enable trigger revocation_is_told")
    assert (code, reason) == (1008, "token_revoked")


def test_an_open_connection_outlives_the_renewal_of_its_token(gateway: GatewayProcess, token: str) -> None:
    """Being renewed is no distrust: the connection goes on, its next badge too."""

    async def exchange() -> str:
        async with kiosk_socket(gateway, token) as socket:
            new = await asyncio.to_thread(rotate, gateway.url, token)
            assert await asyncio.to_thread(beat, gateway, new) == 200
            assert json.loads(await socket.recv())["type"] == "kiosk.config"
            await socket.send('{"type": "kiosk.badge.scanned", "uid": "B-LEA"}')
            return str(json.loads(await socket.recv())["type"])

    assert asyncio.run(exchange()) == "kiosk.member.identified"
