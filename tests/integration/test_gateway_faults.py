"""What dies in mid-session: the gateway, Postgres, the upstream, the kiosk. Nothing acknowledged is lost or doubled."""

import asyncio
import json
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from jarvis.settings import load_settings
from tests.conftest import Database, rows
from tests.support.gateway_processes import (
    GatewayProcess,
    make_network,
    new_token,
    running_gateway,
    wait_until,
)
from voice_gateway.kiosk.client import KioskClient, connected
from voice_gateway.kiosk.commands import talk
from voice_gateway.kiosk.errors import KioskError
from warehouse.embedded import EmbeddedPostgres, free_port
from warehouse.migrate import create_database, migrate_up, set_door_passwords

# How long a machine under load may take; what is waited for is asked every 50 ms, so a calm one waits no longer.
PATIENCE_SECONDS = 60.0

LINES = ("Bonjour, les vestiaires sont sales", "La musique est trop forte", "Merci de prévenir le responsable")


@pytest.fixture
def own_server() -> Iterator[tuple[Database, EmbeddedPostgres]]:
    """A migrated database on a server that this test may kill."""
    home = Path(tempfile.mkdtemp(prefix="jarvis-tests-"))
    home.chmod(0o755)
    settings = load_settings({"JARVIS_HOME": str(home), "JARVIS_DATABASE_PORT": str(free_port())})
    server = EmbeddedPostgres(
        data_dir=home / "postgres", port=settings.database_port, password=settings.role_password("postgres")
    )
    server.start()
    try:
        create_database(settings.administration_url, "jarvis")
        migrate_up(settings.administration_url)
        roles = ("jarvis_gateway", "jarvis_dashboard", "jarvis_pipeline")
        set_door_passwords(settings.administration_url, {role: settings.role_password(role) for role in roles})
        yield Database(settings), server
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def kill_postgres(server: EmbeddedPostgres) -> None:
    """Postgres is gone as if the power had failed: no process of it is left to answer one question more."""
    postmaster = server.postmaster_pid
    assert postmaster
    backends = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    os.kill(postmaster, signal.SIGKILL)
    # They end by themselves when they see that it died, which on a busy machine takes a while.
    wait_until(lambda: not any(is_running(pid) for pid in backends), seconds=PATIENCE_SECONDS, what="the backends' end")


def is_running(pid: str) -> bool:
    """False also for a process that only waits to be counted."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def closed(database: Database, session_id: str) -> list[dict[str, Any]]:
    return rows(database, "select * from openai_realtime_sessions where id = %s and state = 'closed'", session_id)


async def say_all(kiosk: KioskClient, lines: tuple[str, ...]) -> None:
    for line in lines:
        await kiosk.type_text(line)
        await kiosk.ask_answer()


def speakers(heard: list[tuple[str, str]]) -> list[str]:
    """Who spoke, in order; a filler is no answer: without a database a tool takes long enough for one."""
    return [role for role, text in heard if text != "Un instant, je regarde…"]


def assert_on_record_once(database: Database, session_id: str, heard: list[tuple[str, str]]) -> None:
    """The turns in the tables are those the kiosk saw, in order, and their events are there without a gap."""
    stored = rows(database, "select role, text from session_turns where session_id = %s order by position", session_id)
    assert [(turn["role"], turn["text"]) for turn in stored][: len(heard)] == heard
    bills = rows(database, "select from realtime_usage where session_id = %s", session_id)
    assert len(bills) >= sum(role == "assistant" for role, _ in heard)
    seqs = [
        row["seq"]
        for row in rows(database, "select seq from realtime_events where session_id = %s order by seq", session_id)
    ]
    assert len(seqs) == len(set(seqs))
    summaries = rows(database, "select from conversation_summaries where session_id = %s", session_id)
    assert len(summaries) == 1


def test_a_killed_gateway_loses_nothing_acknowledged(database: Database, standin_port: int, tmp_path: Path) -> None:
    """kill -9 in mid-session: every turn seen is on record, and the next gateway closes the session as gateway_lost."""
    with database.admin() as connection:
        make_network(connection)
    settings, log = database.settings, tmp_path / "gateway.log"

    async def talk_and_kill(gateway: GatewayProcess, token: str) -> tuple[str, list[tuple[str, str]]]:
        async with connected(gateway.url, token) as kiosk:
            session_id = await kiosk.badge("B-LEA")
            await say_all(kiosk, LINES)
            heard = [(turn.role, turn.text) for turn in kiosk.turns]
            await kiosk._send({"type": "response.create"})
            gateway.kill()
            return session_id, heard

    with running_gateway(settings, standin_port=standin_port, log=log) as gateway:
        session_id, heard = asyncio.run(talk_and_kill(gateway, new_token(settings, gateway)))
    assert len(heard) == 6
    assert not closed(database, session_id)
    with running_gateway(settings, standin_port=standin_port, log=log):
        session = wait_until(lambda: closed(database, session_id), seconds=PATIENCE_SECONDS, what="the reaper")[0]
    assert session["close_reason"] == "gateway_lost"
    assert_on_record_once(database, session_id, heard)


def test_the_lease_of_a_machine_that_never_comes_back_runs_out(
    database: Database, standin_port: int, tmp_path: Path
) -> None:
    """Another gateway, which knows nothing of the lost one's files, closes the session once the lease is over."""
    with database.admin() as connection:
        network = make_network(connection)
        kiosk = connection.execute(
            "insert into kiosks (gym_id, slug, name) values (%s, 'borne', 'Borne') returning id", [network.gym_id]
        ).fetchone()
        assert kiosk
        for ends in ("-1 second", "1 hour"):
            connection.execute(
                """
                insert into openai_realtime_sessions (gym_id, kiosk_id, gateway_instance, lease_until)
                values (%s, %s, 'gateway-elsewhere', now() + %s::interval)
                """,
                [network.gym_id, kiosk[0], ends],
            )
    with running_gateway(database.settings, standin_port=standin_port, log=tmp_path / "gateway.log"):
        states = rows(database, "select state, close_reason from openai_realtime_sessions order by lease_until")
    assert [(row["state"], row["close_reason"]) for row in states] == [("closed", "gateway_lost"), ("active", None)]


def test_an_orderly_stop_closes_every_session(database: Database, standin_port: int, tmp_path: Path) -> None:
    """SIGTERM: the kiosk is told, and the session is closed as operator, not left to the reaper."""
    with database.admin() as connection:
        make_network(connection)

    async def talk_and_stop(gateway: GatewayProcess, token: str) -> tuple[str, str | None]:
        async with connected(gateway.url, token) as kiosk:
            session_id = await kiosk.badge("B-LEA")
            await say_all(kiosk, LINES[:1])
            gateway.process.send_signal(signal.SIGTERM)
            await kiosk._until(lambda: kiosk.close_reason is not None, 10, "the end")
            return session_id, kiosk.close_reason

    with running_gateway(database.settings, standin_port=standin_port, log=tmp_path / "gateway.log") as gateway:
        session_id, told = asyncio.run(talk_and_stop(gateway, new_token(database.settings, gateway)))
        assert gateway.process.wait(20) == 0
    assert told == "operator"
    assert closed(database, session_id)[0]["close_reason"] == "operator"


def test_a_killed_postgres_is_replaced_by_the_journal(
    own_server: tuple[Database, EmbeddedPostgres], standin_port: int, tmp_path: Path
) -> None:
    """The conversation goes on without the database; once it is back, nothing is missing and nothing twice."""
    database, server = own_server
    settings = replace(database.settings, home=tmp_path)
    with database.admin() as connection:
        make_network(connection)

    async def talk_through(gateway: GatewayProcess, token: str) -> tuple[str, list[tuple[str, str]]]:
        async with connected(gateway.url, token) as kiosk:
            session_id = await kiosk.badge("B-LEA")
            await say_all(kiosk, LINES[:1])
            await asyncio.to_thread(kill_postgres, server)
            await say_all(kiosk, LINES[1:2])
            assert next((tmp_path / "journal").glob("*.jsonl")).stat().st_size > 0
            await asyncio.to_thread(server.start)
            await say_all(kiosk, LINES[2:])
            await kiosk.hang_up()
            return session_id, [(turn.role, turn.text) for turn in kiosk.turns]

    with running_gateway(settings, standin_port=standin_port, log=tmp_path / "gateway.log") as gateway:
        token = new_token(settings, gateway)
        session_id, heard = asyncio.run(talk_through(gateway, token))
        assert speakers(heard) == ["member", "assistant"] * 3
        session = wait_until(lambda: closed(database, session_id), seconds=PATIENCE_SECONDS, what="the replay")[0]
    assert session["close_reason"] == "member_left"
    assert_on_record_once(database, session_id, heard)
    assert len(rows(database, "select from session_turns where session_id = %s", session_id)) == len(heard)
    seqs = rows(
        database, "select max(seq) as last, count(*) as found from realtime_events where session_id = %s", session_id
    )
    assert seqs[0]["last"] == seqs[0]["found"]
    assert not list((tmp_path / "journal").glob("*.jsonl"))


def test_a_badge_counts_as_a_visit_while_postgres_is_away(
    own_server: tuple[Database, EmbeddedPostgres], standin_port: int, tmp_path: Path
) -> None:
    """Nobody can look it up, so the member is served as a guest; the journal's replay reads the badge, finds the member
    and counts the visit at the time of the scan."""
    database, server = own_server
    settings = replace(database.settings, home=tmp_path)
    with database.admin() as connection:
        network = make_network(connection)

    async def badge_without_database(gateway: GatewayProcess, token: str) -> str:
        async with connected(gateway.url, token) as kiosk:
            await asyncio.to_thread(kill_postgres, server)
            session_id = await kiosk.badge("B-LEA")
            assert (kiosk.badge_outcome, kiosk.first_name) == ("unknown", None)
            await say_all(kiosk, LINES[:1])
            await asyncio.to_thread(server.start)
            await kiosk.hang_up()
            return session_id

    with running_gateway(settings, standin_port=standin_port, log=tmp_path / "gateway.log") as gateway:
        session_id = asyncio.run(badge_without_database(gateway, new_token(settings, gateway)))
        session = wait_until(lambda: closed(database, session_id), seconds=PATIENCE_SECONDS, what="the replay")[0]
        assert "B-LEA" not in gateway.log.read_text()
    assert (session["badge_outcome"], session["member_id"]) == ("known", network.member_id)
    visits = rows(database, "select member_id, visited_at from member_visits")
    assert visits == [{"member_id": network.member_id, "visited_at": session["started_at"]}]
    member = rows(database, "select last_visit from gym_members_v2 where id = %s", network.member_id)[0]
    assert member["last_visit"] == session["started_at"]
    summary = rows(database, "select member_id from conversation_summaries where session_id = %s", session_id)
    assert summary == [{"member_id": network.member_id}]


def test_a_journal_of_a_killed_gateway_is_replayed_by_the_next(
    own_server: tuple[Database, EmbeddedPostgres], standin_port: int, tmp_path: Path
) -> None:
    """Postgres dies, then the gateway: a session that only the journal knows is in the tables after the next start."""
    database, server = own_server
    settings = replace(database.settings, home=tmp_path)
    with database.admin() as connection:
        make_network(connection)

    async def talk_and_kill_both(gateway: GatewayProcess, token: str) -> tuple[str, str, list[tuple[str, str]]]:
        async with connected(gateway.url, token) as kiosk:
            first = await kiosk.badge("B-LEA")
            await asyncio.to_thread(kill_postgres, server)
            second = await kiosk.badge("B-OLD")
            assert kiosk.badge_outcome == "unknown"
            await say_all(kiosk, LINES[:2])
            heard = [(turn.role, turn.text) for turn in kiosk.turns]
            gateway.kill()
            return first, second, heard

    with running_gateway(settings, standin_port=standin_port, log=tmp_path / "gateway.log") as gateway:
        first, second, heard = asyncio.run(talk_and_kill_both(gateway, new_token(settings, gateway)))
    assert speakers(heard) == ["member", "assistant"] * 2
    server.start()
    with running_gateway(settings, standin_port=standin_port, log=tmp_path / "gateway.log"):
        session = wait_until(lambda: closed(database, second), seconds=PATIENCE_SECONDS, what="the reaper")[0]
    assert session["close_reason"] == "gateway_lost"
    assert closed(database, first)[0]["close_reason"] == "second_badge"
    assert_on_record_once(database, second, heard)


def test_a_badge_counts_as_a_visit_while_the_upstream_is_down(database: Database, tmp_path: Path) -> None:
    """No upstream after all tries: the member is greeted and counted, and the session closes as provider_lost."""
    with database.admin() as connection:
        network = make_network(connection)
    with running_gateway(
        database.settings,
        standin_port=free_port(),
        log=tmp_path / "gateway.log",
        must_be_ready=False,
        session={"RETRY_FIRST_SECONDS": 0.05},
    ) as gateway:
        token = new_token(database.settings, gateway)
        with pytest.raises(KioskError, match="could not open a session"):
            talk(gateway.url, token, "B-LEA", [])
        session = wait_until(
            lambda: rows(database, "select * from openai_realtime_sessions where state = 'closed'"),
            seconds=PATIENCE_SECONDS,
            what="the close",
        )[0]
    assert session["close_reason"] == "provider_lost"
    visits = rows(database, "select member_id from member_visits")
    assert [visit["member_id"] for visit in visits] == [network.member_id]


def test_a_vanished_kiosk_ends_its_session(database: Database, standin_port: int, tmp_path: Path) -> None:
    """The socket breaks without a word: the session closes as kiosk_lost."""
    with database.admin() as connection:
        make_network(connection)

    async def vanish(gateway: GatewayProcess, token: str) -> str:
        async with connected(gateway.url, token) as kiosk:
            session_id = await kiosk.badge("B-LEA")
            kiosk._socket.transport.abort()
            return session_id

    with running_gateway(database.settings, standin_port=standin_port, log=tmp_path / "gateway.log") as gateway:
        session_id = asyncio.run(vanish(gateway, new_token(database.settings, gateway)))
        session = wait_until(lambda: closed(database, session_id), seconds=PATIENCE_SECONDS, what="the close")[0]
    assert session["close_reason"] == "kiosk_lost"


def test_a_kiosk_that_reads_nothing_is_given_up(database: Database, standin_port: int, tmp_path: Path) -> None:
    """Its session closes as kiosk_lost once the buffers between are full, instead of growing the gateway."""
    with database.admin() as connection:
        make_network(connection)

    async def stop_reading(gateway: GatewayProcess, token: str) -> str:
        with socket.socket() as narrow:
            narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            narrow.connect(("127.0.0.1", gateway.settings.gateway_port))
            narrow.setblocking(False)
            async with connect(
                gateway.url.replace("http", "ws") + "/v1/realtime?kiosk=1",
                sock=narrow,
                additional_headers={"Authorization": f"Bearer {token}"},
                compression=None,
                close_timeout=0.1,
            ) as kiosk:
                await kiosk.send(json.dumps({"type": "kiosk.badge.scanned", "uid": "B-LEA"}))
                while (event := json.loads(await kiosk.recv()))["type"] != "kiosk.ready":
                    if event["type"] == "kiosk.notice":
                        await kiosk.send(json.dumps({"type": "kiosk.consent", "analysis": True}))
                kiosk.transport.pause_reading()
                # Long lines, which come back at once. Spoken answers would take longer to fill all that the kernel
                # keeps than the gateway waits for an answer to its ping, which this kiosk does not read either.
                line = {"type": "input_text", "text": "Bonjour, quels sont les horaires ? " * 3000}
                item = {"type": "message", "role": "user", "content": [line]}
                session_id = event["session_id"]
                # The gateway may have given it up before it has said all of them.
                with suppress(ConnectionClosed):
                    for _ in range(40):
                        await kiosk.send(json.dumps({"type": "conversation.item.create", "item": item}))
                await asyncio.to_thread(
                    wait_until,
                    lambda: closed(database, session_id),
                    seconds=PATIENCE_SECONDS,
                    what="the end of the session",
                )
                kiosk.transport.abort()
                return session_id

    with running_gateway(database.settings, standin_port=standin_port, log=tmp_path / "gateway.log") as gateway:
        session_id = asyncio.run(stop_reading(gateway, new_token(database.settings, gateway)))
        assert "kiosk reads too slowly" in gateway.log.read_text()
        dropped = 'jarvis_gateway_kiosks_dropped_total{cause="slow_reader"} 1.0'
        assert dropped in httpx.get(gateway.url + "/metrics", trust_env=False).text
    assert closed(database, session_id)[0]["close_reason"] == "kiosk_lost"
    causes = rows(
        database,
        "select payload ->> 'cause' as cause from realtime_events "
        "where session_id = %s and event_type = 'kiosk.dropped'",
        session_id,
    )
    assert [row["cause"] for row in causes] == ["slow_reader"]
