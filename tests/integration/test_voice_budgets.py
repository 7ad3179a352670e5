"""A gym's monthly voice budget, from the ledger to the manager's alert and the kiosk's mode."""

import asyncio
import json
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import AsyncConnection
from websockets.asyncio.client import connect

from jarvis.budgets import Standing, VoiceMode, VoiceModels
from jarvis.cli import main
from tests.conftest import Database
from tests.integration.test_gateway_faults import rows
from tests.support.gateway_processes import GatewayProcess, Network, new_token, running_gateway, wait_until
from voice_gateway.kiosk.client import connected
from voice_gateway.standin.session_settings import MODEL_SUFFIX
from warehouse.stores.budgets import standing_at, tell_manager

NOON = datetime(2026, 11, 15, 12, tzinfo=UTC)
DEAR, CHEAP = "gpt-realtime-2.1", "gpt-realtime-2.1-mini"
# As the settings have them by default.
MODELS = VoiceModels(usual=CHEAP, cheaper=CHEAP)


@pytest.fixture
def kiosk_id(database: Database, network: Network) -> UUID:
    """A kiosk of a gym with 100 dollars a month."""
    with database.admin() as admin:
        admin.execute("update gyms set voice_budget_usd = 100 where id = %s", [network.gym_id])
        row = admin.execute(
            "insert into kiosks (gym_id, slug, name) values (%s, 'budget', 'Budget') returning id", [network.gym_id]
        ).fetchone()
    assert row
    return UUID(str(row[0]))


def spend(database: Database, network: Network, kiosk_id: UUID, usd: str, at: datetime) -> None:
    """A session of the gym has been billed so much at that moment."""
    with database.admin() as admin:
        session_id = uuid4()
        admin.execute(
            "insert into openai_realtime_sessions (id, gym_id, kiosk_id, started_at) values (%s, %s, %s, %s)",
            [session_id, network.gym_id, kiosk_id, at],
        )
        admin.execute(
            "insert into realtime_usage (session_id, gym_id, source_kind, source_id, model, price_version, cost_usd, "
            "occurred_at) values (%s, %s, 'response', 'r1', 'm', 'v', %s, %s)",
            [session_id, network.gym_id, usd, at],
        )


def ask(database: Database, kiosk_id: UUID, moment: datetime = NOON) -> tuple[Standing | None, bool]:
    """Where the gym stands, and whether asking told the manager."""

    async def asked() -> tuple[Standing | None, bool]:
        async with await AsyncConnection.connect(database.url_for("gateway"), autocommit=True) as connection:
            standing = await standing_at(connection, kiosk_id=kiosk_id, moment=moment)
            told = standing is not None and await tell_manager(
                connection, standing, kiosk_id=kiosk_id, moment=moment, models=MODELS
            )
            return standing, told

    return asyncio.run(asked())


def alerts(database: Database) -> list[tuple[str, str]]:
    found = rows(
        database, "select priority, dedup_key from manager_alerts where alert_type = 'voice_budget' order by 2"
    )
    return [(row["priority"], row["dedup_key"]) for row in found]


def test_a_manager_is_told_once_for_each_threshold_and_month(
    database: Database, network: Network, kiosk_id: UUID
) -> None:
    """At 80 % and at 100 %, to the cent; what he has closed stays closed; the next month begins anew."""
    spend(database, network, kiosk_id, "79.99", NOON)
    assert ask(database, kiosk_id)[1] is False
    spend(database, network, kiosk_id, "0.01", NOON)
    standing, told = ask(database, kiosk_id)
    assert standing is not None and standing.mode is VoiceMode.CHEAPER and told
    assert ask(database, kiosk_id)[1] is False
    with database.admin() as admin:
        admin.execute("update manager_alerts set status = 'resolved'")
    assert ask(database, kiosk_id)[1] is False
    spend(database, network, kiosk_id, "20", NOON)
    standing, told = ask(database, kiosk_id)
    assert standing is not None and standing.mode is VoiceMode.TEXT and told
    assert ask(database, kiosk_id)[1] is False
    assert alerts(database) == [("medium", "voice_budget:2026-11:cheaper"), ("high", "voice_budget:2026-11:text")]
    december = NOON + timedelta(days=30)
    standing, told = ask(database, kiosk_id, december)
    assert standing is not None and (standing.mode, standing.spent_usd, told) == (VoiceMode.FULL, Decimal(0), False)


def test_the_month_is_the_gyms_own(database: Database, network: Network, kiosk_id: UUID) -> None:
    """In Paris, November begins and ends an hour before it does in UTC."""
    first, last = datetime(2026, 10, 31, 23, tzinfo=UTC), datetime(2026, 11, 30, 22, 59, 59, tzinfo=UTC)
    for at in (first - timedelta(seconds=1), first, last, last + timedelta(seconds=1)):
        spend(database, network, kiosk_id, "1", at)
    for moment in (first, NOON, last):
        standing, _ = ask(database, kiosk_id, moment)
        assert standing is not None and standing.spent_usd == 2
    for moment in (first - timedelta(seconds=1), last + timedelta(seconds=1)):
        standing, _ = ask(database, kiosk_id, moment)
        assert standing is not None and standing.spent_usd == 1


def test_gateways_that_find_it_together_tell_once(database: Database, network: Network, kiosk_id: UUID) -> None:
    """Four at the same moment: one raises the alert."""
    spend(database, network, kiosk_id, "100", NOON)
    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(lambda _: ask(database, kiosk_id)[1], range(4)))
    assert sorted(told) == [False, False, False, True]
    assert len(alerts(database)) == 1


def test_a_gateway_can_tell_nothing_else(database: Database, network: Network, kiosk_id: UUID) -> None:
    """Not of a threshold that is not crossed, not of another gym, not of another kind; nobody without a budget."""
    spend(database, network, kiosk_id, "85", NOON)
    with database.connect("gateway") as connection:
        connection.execute("select set_config('app.kiosk_id', %s, true)", [str(kiosk_id)])
        for threshold in ("text", "other"):
            row = connection.execute(
                "select app.raise_voice_budget_alert(%s, %s, 'x', 'x', '[]')", [NOON, threshold]
            ).fetchone()
            assert row == (False,)
    with database.connect("gateway") as connection:
        row = connection.execute(
            "select app.raise_voice_budget_alert(%s, 'cheaper', 'x', 'x', '[]')", [NOON]
        ).fetchone()
        assert row == (False,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(
                "insert into manager_alerts (gym_id, alert_type, title, dedup_key) "
                "values (%s, 'voice_budget', 'x', 'x')",
                [network.gym_id],
            )
    with database.admin() as admin:
        admin.execute("update gyms set voice_budget_usd = null")
    assert ask(database, kiosk_id) == (None, False)
    assert alerts(database) == []


def test_an_operator_sets_a_gyms_budget(
    database: Database, network: Network, kiosk_id: UUID, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """What is given is changed, on record with what it was, printed with the month's spend; the rest stays."""
    monkeypatch.setattr("jarvis.cli.load_settings", lambda: database.settings)

    def asked(*arguments: str) -> dict[str, object]:
        assert main(["gym", "budget", "--gym", "dax", *arguments]) == 0
        told: dict[str, object] = json.loads(capsys.readouterr().out)
        return told

    now = datetime.now(UTC)
    spend(database, network, kiosk_id, "45.5", now)
    spend(database, network, kiosk_id, "7", now - timedelta(days=40))
    told = asked()
    assert told == {
        "gym": "dax", "budget_usd": 100.0, "cheaper_share": 0.8, "month": told["month"], "spent_usd": 45.5,
        "next_session": "full",
    }  # fmt: skip
    assert asked("--usd", "50")["next_session"] == "cheaper"
    assert asked("--cheaper-share", "0.95")["next_session"] == "full"
    assert asked("--usd", "0")["next_session"] == "text"
    told = asked("--none")
    assert (told["budget_usd"], told["cheaper_share"], told["next_session"]) == (None, 0.95, "full")
    asked("--none")
    trail = rows(
        database, "select actor_role, details from audit_log where action = 'voice_budget_changed' order by id"
    )
    assert [row["details"]["to"]["usd"] for row in trail[1:]] == [50, 50, 0, None]
    assert trail[2]["details"]["from"] == {"usd": 50, "cheaper_share": 0.8}
    assert "pipeline" in trail[1]["actor_role"]


@pytest.mark.parametrize(
    "arguments", [["--usd", "-1"], ["--usd", "many"], ["--cheaper-share", "1.5"], ["--usd", "NaN"]]
)
def test_a_budget_that_cannot_be_is_told(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Found, expected, and an example of it."""
    with pytest.raises(SystemExit):
        main(["gym", "budget", "--gym", "dax", *arguments])
    assert re.search(r"found \S+, expected .* such as", capsys.readouterr().err)


def test_an_unknown_gym_has_no_budget(
    database: Database, network: Network, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gyms there are get named."""
    monkeypatch.setattr("jarvis.cli.load_settings", lambda: database.settings)
    assert main(["gym", "budget", "--gym", "nowhere", "--usd", "5"]) == 1
    assert "found no gym 'nowhere', expected one of: dax" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("own_model", "promise"), [(None, "déjà le modèle vocal"), (DEAR, "un modèle vocal moins cher")]
)
def test_a_manager_is_told_of_a_cheaper_model_where_there_is_one(
    database: Database, network: Network, kiosk_id: UUID, own_model: str | None, promise: str
) -> None:
    """By default the usual model is the cheaper one; a single kiosk with a dearer one makes the difference."""
    with database.admin() as admin:
        admin.execute(
            "insert into kiosks (gym_id, slug, name, openai_model) values (%s, 'dear', 'Dear', %s)",
            [network.gym_id, own_model],
        )
    spend(database, network, kiosk_id, "85", NOON)
    assert ask(database, kiosk_id)[1]
    (alert,) = rows(database, "select description from manager_alerts where alert_type = 'voice_budget'")
    assert promise in alert["description"]


def test_past_the_first_threshold_a_session_dials_with_the_cheaper_model(
    database: Database, network: Network, standin_port: int, tmp_path: Path
) -> None:
    """The upstream is asked for the model the platform uses, and once most of the budget is spent for the other one."""
    settings = replace(database.settings, realtime_model=DEAR, budget_model=CHEAP)
    with database.admin() as admin:
        admin.execute("update gyms set voice_budget_usd = 100 where id = %s", [network.gym_id])

    async def talk(gateway: GatewayProcess, token: str) -> None:
        async with connected(gateway.url, token) as kiosk:
            await kiosk.badge("B-LEA")
            await kiosk.hang_up()

    with running_gateway(settings, standin_port=standin_port, log=tmp_path / "gateway.log") as gateway:
        token = new_token(database.settings, gateway)
        asyncio.run(talk(gateway, token))
        (kiosk,) = rows(database, "select id from kiosks")
        spend(database, network, kiosk["id"], "85", datetime.now(UTC))
        asyncio.run(talk(gateway, token))
    sessions = rows(
        database,
        "select sessions.model, events.payload -> 'session' ->> 'model' as dialled "
        "from openai_realtime_sessions as sessions inner join realtime_events as events "
        "on events.session_id = sessions.id and events.event_type = 'session.created' order by sessions.started_at",
    )
    assert [(row["model"], row["dialled"]) for row in sessions] == [
        (DEAR, DEAR + MODEL_SUFFIX),
        (CHEAP, CHEAP + MODEL_SUFFIX),
    ]
    (alert,) = rows(database, "select description from manager_alerts where alert_type = 'voice_budget'")
    assert "un modèle vocal moins cher" in alert["description"]


def test_a_spent_budget_leaves_the_written_word(
    database: Database, network: Network, gateway: GatewayProcess, token: str
) -> None:
    """The kiosk is told, sound is refused with one clear error, words are answered in writing, the manager knows."""
    with database.admin() as admin:
        admin.execute("update gyms set voice_budget_usd = 0 where id = %s", [network.gym_id])

    async def hold() -> list[dict[str, object]]:
        url = gateway.url.replace("http", "ws") + "/v1/realtime?kiosk=1"
        headers = {"Authorization": f"Bearer {token}"}
        seen: list[dict[str, object]] = []
        async with (
            connect(url, additional_headers=headers, compression=None, proxy=None) as socket,
            asyncio.timeout(20),
        ):

            async def until(kind: str) -> None:
                while not seen or seen[-1]["type"] != kind:
                    seen.append(json.loads(await socket.recv()))
                    if seen[-1]["type"] == "kiosk.notice" and seen[-1]["needs_answer"]:
                        await socket.send(json.dumps({"type": "kiosk.consent", "analysis": True}))

            await socket.send(json.dumps({"type": "kiosk.session.start"}))
            await until("kiosk.ready")
            for _ in range(3):
                await socket.send(json.dumps({"type": "input_audio_buffer.append", "audio": "AAAA"}))
            line = {"type": "input_text", "text": "Quels sont les horaires ?"}
            item = {"type": "message", "role": "user", "content": [line]}
            await socket.send(json.dumps({"type": "conversation.item.create", "item": item}))
            create = {"type": "response.create", "response": {"output_modalities": ["audio"]}}
            await socket.send(json.dumps(create))
            await until("response.done")
            return seen

    seen = asyncio.run(hold())
    modes = [event for event in seen if event["type"] == "kiosk.mode"]
    assert [(event["mode"], event["reason"]) for event in modes] == [("text", "budget")]
    errors = [event["error"] for event in seen if event["type"] == "error"]
    assert [error["code"] for error in errors] == ["text_only"]  # type: ignore[index]
    assert not any(str(event["type"]).startswith("response.output_audio") for event in seen)
    wait_until(lambda: alerts(database), seconds=60, what="the alert")
    assert [priority for priority, _ in alerts(database)] == ["high"]


def test_a_budget_spent_in_mid_session_ends_in_writing(
    database: Database, network: Network, gateway: GatewayProcess, token: str
) -> None:
    """The answer that spends it is spoken to its end; the kiosk is told, and the next answer is text."""

    async def hold() -> list[list[str]]:
        url = gateway.url.replace("http", "ws") + "/v1/realtime?kiosk=1"
        headers = {"Authorization": f"Bearer {token}"}
        async with (
            connect(url, additional_headers=headers, compression=None, proxy=None) as socket,
            asyncio.timeout(20),
        ):

            async def until(kind: str) -> list[str]:
                seen: list[str] = []
                while not seen or seen[-1] != kind:
                    event = json.loads(await socket.recv())
                    seen.append(event["type"])
                    if event["type"] == "kiosk.notice" and event["needs_answer"]:
                        await socket.send(json.dumps({"type": "kiosk.consent", "analysis": True}))
                return seen

            async def ask() -> None:
                line = {"type": "input_text", "text": "Bonjour"}
                item = {"type": "message", "role": "user", "content": [line]}
                await socket.send(json.dumps({"type": "conversation.item.create", "item": item}))
                await socket.send(json.dumps({"type": "response.create"}))

            await socket.send(json.dumps({"type": "kiosk.session.start"}))
            answers = [await until("kiosk.ready")]
            with database.admin() as admin:
                admin.execute("update gyms set voice_budget_usd = 0 where id = %s", [network.gym_id])
            await ask()
            answers.append(await until("kiosk.mode"))
            await until("session.updated")
            await ask()
            answers.append(await until("response.done"))
            return answers

    opened, spoken, written = asyncio.run(hold())
    assert "kiosk.mode" not in opened
    assert "response.output_audio.delta" in spoken and "response.done" in spoken
    assert "response.output_text.delta" in written
    assert not any(kind.startswith("response.output_audio") for kind in written)
    assert [priority for priority, _ in alerts(database)] == ["high"]
