"""The whole way of a badge: a card on a real pcscd, the agent's process, the gateway, the kiosk's page."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from jarvis.kiosks import Holder
from tests.conftest import REPOSITORY, Database
from tests.reader.test_reader import start_pcscd
from tests.reader.virtual_card import VirtualCard
from tests.support.gateway_processes import (
    GatewayProcess,
    make_network,
    new_token,
    running_gateway,
    running_standin,
    wait_until,
)
from voice_gateway.kiosk.commands import create_code

pytestmark = pytest.mark.reader

UID = "04A1B2C3D4E5F6"


@contextmanager
def running_agent(gateway: GatewayProcess, home: Path, log: Path, *arguments: str) -> Iterator[None]:
    """`python -m voice_gateway.kiosk`, stopped in good order."""
    argv = [sys.executable, "-m", "voice_gateway.kiosk", "--gateway", gateway.url, "--home", str(home), *arguments]
    with log.open("ab") as stream:
        process = subprocess.Popen(argv, stdout=stream, stderr=stream, cwd=REPOSITORY)
    try:
        yield
        assert process.poll() is None, log.read_text()
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGTERM)
        assert process.wait(15) == 0


def test_a_card_on_the_reader_is_greeted_on_the_page(database: Database, tmp_path: Path) -> None:
    """Before and after pcscd was killed, and what was read while the gateway was down counts when it is back."""
    home, log = tmp_path / "agent", tmp_path / "agent.log"
    with database.admin() as admin:
        network = make_network(admin)
        admin.execute("update gym_members_v2 set badge_id = %s where id = %s", [UID, network.member_id])

    def visit_count() -> int:
        with database.admin() as admin:
            row = admin.execute("select count(*) from member_visits").fetchone()
        return int(row[0]) if row else 0

    def reader_is_well() -> Any:
        with database.admin() as admin:
            return admin.execute("select from kiosk_heartbeats where software_version is not null").fetchall()

    async def greeting(gateway: GatewayProcess, token: str) -> str:
        url = gateway.url.replace("http", "ws") + "/v1/realtime?kiosk=1"
        headers = {"Authorization": f"Bearer {token}"}
        async with connect(url, additional_headers=headers, proxy=None) as page:
            assert json.loads(await page.recv())["type"] == "kiosk.config"
            async with asyncio.timeout(15):
                with VirtualCard(UID):
                    while (event := json.loads(await page.recv()))["type"] != "kiosk.member.identified":
                        pass
        return str(event["first_name"])

    pcscd = start_pcscd()
    try:
        with running_standin(tmp_path / "standin.log") as standin_port:
            with running_gateway(database.settings, standin_port=standin_port, log=tmp_path / "one.log") as gateway:
                token = new_token(database.settings, gateway)
                code = create_code(database.settings, "dax", "Borne Entrée", holder=Holder.AGENT)["code"]
                with running_agent(gateway, home, log, "--code", code):
                    wait_until(reader_is_well, seconds=20, what="the agent's heartbeat")
                    assert asyncio.run(greeting(gateway, token)) == "Léa"
                    wait_until(lambda: visit_count() == 1, seconds=5, what="the visit")
                    pcscd.kill()
                    pcscd.wait(10)
                    pcscd = start_pcscd()
                    with VirtualCard(UID):
                        # Five seconds from the restart to the record, the way to the gateway included.
                        wait_until(lambda: visit_count() == 2, seconds=5, what="the visit after the restart")
                    gateway.kill()
                    with VirtualCard(UID):
                        wait_until(
                            lambda: b"uid" in (home / "badges.ndjson").read_bytes(),
                            seconds=10,
                            what="the spooled badge",
                        )
            assert visit_count() == 2
            with (
                running_gateway(database.settings, standin_port=standin_port, log=tmp_path / "two.log") as second,
                running_agent(second, home, log),
            ):
                wait_until(lambda: visit_count() == 3, seconds=20, what="the visit of the badge that waited")
    finally:
        pcscd.terminate()
        pcscd.wait(10)
    assert UID not in log.read_text()
