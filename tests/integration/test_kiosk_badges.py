"""Badges that a kiosk's agent read: they reach the page wherever it is connected, and each counts once."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.conftest import Database
from tests.support.gateway_processes import GatewayProcess, running_gateway, wait_until
from tests.support.kiosk_sockets import kiosk_socket, until

pytestmark = pytest.mark.one_gateway


def send_badge(
    gateway: GatewayProcess, token: str, uid: str, *, scanned_at: datetime | None = None, waited_seconds: float = 0.0
) -> httpx.Response:
    """What the agent sends."""
    return httpx.post(
        f"{gateway.url}/api/kiosk/badges",
        json={
            "uid": uid,
            "scanned_at": (scanned_at or datetime.now(UTC)).isoformat(),
            "waited_seconds": waited_seconds,
        },
        headers={"Authorization": f"Bearer {token}"},
        trust_env=False,
    )


def visits(database: Database) -> list[Any]:
    """When the network's members came, by what the gateway recorded."""
    with database.admin() as admin:
        return admin.execute("select visited_at, source from member_visits order by visited_at").fetchall()


def test_a_badge_reaches_the_page_at_another_gateway_and_counts_once(
    database: Database, gateway: GatewayProcess, standin_port: int, tmp_path: Path, token: str
) -> None:
    """Sent three times to two gateways: one session on one of the two pages, one visit, at the time of the scan."""
    scanned_at = datetime.now(UTC) - timedelta(seconds=2)

    async def exchange(second: GatewayProcess) -> tuple[list[Any], dict[str, Any]]:
        async with kiosk_socket(gateway, token) as socket:
            await until(socket, "kiosk.config")
            answers = [
                (await asyncio.to_thread(send_badge, at, token, "B-LEA", scanned_at=scanned_at)).json()
                for at in (second, gateway, second)
            ]
            return answers, await until(socket, "kiosk.member.identified")

    with running_gateway(database.settings, standin_port=standin_port, log=tmp_path / "second.log") as second:
        answers, greeting = asyncio.run(exchange(second))
    assert answers == [{"outcome": "known", "is_new": is_new} for is_new in (True, False, False)]
    assert greeting["first_name"] == "Léa"
    assert visits(database) == [(scanned_at, "badge")]
    with database.admin() as admin:
        assert admin.execute("select count(*) from openai_realtime_sessions").fetchone() == (1,)
        assert admin.execute("select badge_id, claimed_at is null from kiosk_badges").fetchall() == [(None, False)]
    assert "B-LEA" not in gateway.log.read_text() + (tmp_path / "second.log").read_text()


def test_of_two_pages_one_gets_the_badge(database: Database, gateway: GatewayProcess, token: str) -> None:
    """The one that connected last greets; the other is not told of anybody."""

    async def exchange() -> tuple[str, list[str]]:
        async with kiosk_socket(gateway, token) as first, kiosk_socket(gateway, token) as last:
            for each in (first, last):
                await until(each, "kiosk.config")
            await asyncio.to_thread(send_badge, gateway, token, "B-LEA")
            greeting = await until(last, "kiosk.member.identified")
            await first.send('{"type": "kiosk.nonsense"}')
            return greeting["first_name"], [json.loads(await first.recv())["type"]]

    assert asyncio.run(exchange()) == ("Léa", ["error"])


def test_a_badge_that_waited_counts_and_greets_nobody(database: Database, gateway: GatewayProcess, token: str) -> None:
    """A spooled scan of an hour ago is a visit of an hour ago; whoever stands there now is not taken for its member."""
    scanned_at = datetime.now(UTC) - timedelta(hours=1)

    async def exchange() -> str:
        async with kiosk_socket(gateway, token) as socket:
            await until(socket, "kiosk.config")
            late = await asyncio.to_thread(
                send_badge, gateway, token, "B-LEA", scanned_at=scanned_at, waited_seconds=3600.0
            )
            assert late.json() == {"outcome": "known", "is_new": True}
            await socket.send('{"type": "kiosk.nonsense"}')
            return str(json.loads(await socket.recv())["type"])

    assert asyncio.run(exchange()) == "error"
    assert visits(database) == [(scanned_at, "badge")]
    with database.admin() as admin:
        assert admin.execute("select count(*) from kiosk_badges where badge_id is not null").fetchone() == (0,)


def test_a_badge_nobody_asked_for_is_forgotten(
    database: Database, standin_port: int, tmp_path: Path, token: str
) -> None:
    """The kiosk has no page and the gateway that took its badge dies: another forgets it, and scans of yesterday."""
    old = datetime.now(UTC) - timedelta(days=2)
    with running_gateway(database.settings, standin_port=standin_port, log=tmp_path / "first.log") as first:
        assert send_badge(first, token, "B-LEA").json() == {"outcome": "known", "is_new": True}
        assert send_badge(first, token, "B-LEA", scanned_at=old, waited_seconds=1e5).json()["is_new"]
        first.kill()
    with database.admin() as admin:
        assert admin.execute("select badge_id from kiosk_badges where badge_id is not null").fetchall() == [("B-LEA",)]
        admin.execute("update kiosk_badges set received_at = received_at - interval '11 s'")
        admin.execute("update kiosk_badges set received_at = %s where scanned_at = %s", [old, old])

    def left() -> list[Any]:
        with database.admin() as admin:
            return admin.execute("select badge_id, claimed_at from kiosk_badges").fetchall()

    with running_gateway(database.settings, standin_port=standin_port, log=tmp_path / "second.log") as second:
        wait_until(lambda: left() == [(None, None)], seconds=60, what="the forgetting")
        # Its visit counts once all the same.
        assert send_badge(second, token, "B-LEA", scanned_at=old, waited_seconds=2e5).json()["outcome"] == "known"
    assert [visit[0] for visit in visits(database)].count(old) == 1


def test_a_scan_keeps_nothing_that_its_badge_can_be_found_by(
    database: Database, gateway: GatewayProcess, token: str
) -> None:
    """Two cards of one moment and kiosk leave rows that differ in nothing: a card's four bytes are soon searched."""
    moment = datetime.now(UTC)
    kept = []
    for badge in ("B-LEA", "B-OLD"):
        assert send_badge(gateway, token, badge, scanned_at=moment, waited_seconds=60.0).json()["is_new"]
        with database.admin() as admin:
            row = admin.execute("delete from kiosk_badges returning to_jsonb(kiosk_badges) - 'id' - 'received_at'")
            kept.append(row.fetchone())
    assert kept[0] is not None and kept[0] == kept[1]


def test_only_the_gyms_own_active_members_visit(database: Database, gateway: GatewayProcess, token: str) -> None:
    """The agent learns what the badge is, never whose."""
    outcomes = {uid: send_badge(gateway, token, uid).json()["outcome"] for uid in ("B-OLD", "B-PAU", "B-NOBODY")}
    assert outcomes == {"B-OLD": "inactive", "B-PAU": "other_gym", "B-NOBODY": "unknown"}
    assert visits(database) == []


def test_what_is_no_scan_is_refused(gateway: GatewayProcess, token: str) -> None:
    """A stranger, a time nobody can have scanned at, an empty badge: one clear no, quoting nothing."""
    now = datetime.now(UTC)
    answers = [
        send_badge(gateway, "nobody", "B-LEA"),
        send_badge(gateway, token, "B-LEA", scanned_at=now + timedelta(hours=1)),
        send_badge(gateway, token, "B-LEA", scanned_at=now - timedelta(days=40)),
        send_badge(gateway, token, ""),
        send_badge(gateway, token, "B-\x00"),
        send_badge(gateway, token, "B-LEA", waited_seconds=-1.0),
    ]
    assert [answer.status_code for answer in answers] == [401, 422, 422, 422, 400, 422]
    assert all("expected" in answer.json()["error"]["message"] for answer in answers)
    assert not any("B-LEA" in answer.text for answer in answers)


def test_a_kiosk_shows_what_its_parts_say(database: Database, gateway: GatewayProcess, token: str) -> None:
    """Page and agent each tell of their own part: one bad part is an error until it is well; maintenance stays."""

    def beat(**told: object) -> str:
        answer = httpx.post(
            f"{gateway.url}/api/kiosk/heartbeat",
            json=told,
            headers={"Authorization": f"Bearer {token}"},
            trust_env=False,
        )
        return str(answer.json()["status"])

    assert beat(microphone_ok=True, software_version="1.4.2", network_ms=12) == "online"
    assert beat(reader_ok=False) == "error"
    assert beat(microphone_ok=True) == "error"
    assert beat(reader_ok=True) == "online"
    with database.admin() as admin:
        row = admin.execute("select status, software_version, last_seen_ip, last_heartbeat is null from kiosks")
        assert row.fetchone() == ("online", "1.4.2", "127.0.0.1", False)
        admin.execute("update kiosks set status = 'maintenance'")
    assert beat(reader_ok=False) == "maintenance"
