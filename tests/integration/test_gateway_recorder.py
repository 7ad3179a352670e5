"""The writer of records against a real Postgres: what it keeps where, and whose sessions it vouches for."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from jarvis.consents import NOTICE_VERSION
from jarvis.prices import PRICE_VERSION
from jarvis.sessions import CloseReason
from tests.conftest import Database
from tests.support.gateway_processes import make_network
from voice_gateway.journal import Journal
from voice_gateway.metrics import Metrics
from voice_gateway.quarantine import FILE_NAME
from voice_gateway.recorder import Recorder, SessionRefused
from warehouse.stores import sessions as store
from warehouse.stores.sessions import Scope, TurnRow, Write

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@pytest.fixture
def kiosk(database: Database) -> tuple[UUID, UUID]:
    """A kiosk's id and its gym's."""
    with database.admin() as connection:
        gym_id = make_network(connection).gym_id
        row = connection.execute(
            "insert into kiosks (gym_id, slug, name) values (%s, 'borne', 'Borne') returning id", [gym_id]
        ).fetchone()
    assert row
    return row[0], gym_id


def new_scope(kiosk: tuple[UUID, UUID]) -> Scope:
    return Scope(uuid4(), *kiosk)


def opening(scope: Scope, instance: str, *, badge_outcome: str = "unknown", lease_seconds: int = 30) -> Write:
    return store.open_session(
        scope,
        started_at=NOW,
        member_id=None,
        badge_outcome=badge_outcome,
        gateway_instance=instance,
        lease_seconds=lease_seconds,
        model="gpt-realtime-2.1-mini",
        voice="marin",
        language="fr",
        has_analysis_consent=True,
        notice_version=NOTICE_VERSION,
        price_version=PRICE_VERSION,
    )


def turn(scope: Scope, item_id: str, *, text: str = "Bonjour", status: str = "final") -> Write:
    row = TurnRow(item_id=item_id, position=1, role="member", text=text, status=status, started_at=NOW)
    return store.save_turn(scope, row)


def run(
    database: Database,
    folder: Path,
    work: Callable[[Recorder], Awaitable[None]],
    *,
    lease_seconds: int = 30,
    reap_seconds: float = 15.0,
) -> Metrics:
    """The work was done with a started recorder, which has stopped since; its meters."""
    metrics = Metrics()

    async def with_recorder() -> None:
        url = database.url_for("gateway")
        recorder = Recorder(url, folder, metrics, lease_seconds=lease_seconds, reap_seconds=reap_seconds)
        await recorder.start()
        try:
            await work(recorder)
        finally:
            await recorder.stop()

    asyncio.run(with_recorder())
    return metrics


async def until(is_true: Callable[[], bool], what: str) -> None:
    for _ in range(200):
        if await asyncio.to_thread(is_true):
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{what} did not come within 10 s")


def items(database: Database) -> list[str]:
    with database.admin() as connection:
        return [row[0] for row in connection.execute("select item_id from session_turns order by item_id").fetchall()]


def states(database: Database) -> dict[UUID, tuple[str, str | None]]:
    with database.admin() as connection:
        found = connection.execute("select id, state, close_reason from openai_realtime_sessions").fetchall()
    return {row[0]: (row[1], row[2]) for row in found}


def quarantined(folder: Path) -> list[dict[str, object]]:
    file = folder / FILE_NAME
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def waiting_bytes(folder: Path) -> int:
    return next(folder.glob("*.jsonl")).stat().st_size


def poison(folder: Path) -> None:
    with next(folder.glob("*.jsonl")).open("ab") as stream:
        stream.write(b"poison\n")


def administer(database: Database, *statements: str) -> None:
    with database.admin() as connection:
        for statement in statements:
            connection.execute(statement)


def test_only_sessions_that_live_here_are_vouched_for(
    database: Database, kiosk: tuple[UUID, UUID], tmp_path: Path
) -> None:
    """A session that this living gateway let go without a close is closed by the reaper; the other one stays."""
    living, forgotten = new_scope(kiosk), new_scope(kiosk)

    async def work(recorder: Recorder) -> None:
        for scope in (living, forgotten):
            recorder.vouch_for(scope)
            await recorder.commit([opening(scope, recorder.instance, lease_seconds=2)])
        recorder.let_go(forgotten.session_id)
        await until(lambda: states(database)[forgotten.session_id][0] == "closed", "the reaper")
        # Past the lease it was opened with: somebody renewed it.
        await asyncio.sleep(1)
        assert states(database)[living.session_id] == ("active", None)

    run(database, tmp_path, work, lease_seconds=2, reap_seconds=0.2)
    assert states(database)[forgotten.session_id] == ("closed", "gateway_lost")


@pytest.mark.parametrize(
    ("breaks", "mends"),
    [
        (
            ["revoke insert on session_turns from jarvis_gateway"],
            ["grant insert on session_turns to jarvis_gateway"],
        ),
        (["alter table session_turns rename to later"], ["alter table later rename to session_turns"]),
        (
            [
                "alter role jarvis_gateway set default_transaction_read_only = on",
                "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'jarvis_gateway'",
            ],
            ["alter role jarvis_gateway reset default_transaction_read_only"],
        ),
    ],
    ids=["privilege", "table", "read_only"],
)
def test_a_server_in_the_wrong_state_loses_nothing(
    database: Database, kiosk: tuple[UUID, UUID], tmp_path: Path, breaks: list[str], mends: list[str]
) -> None:
    """Records wait in the journal while Postgres cannot take them, and are in the tables once it can."""
    scope = new_scope(kiosk)

    async def work(recorder: Recorder) -> None:
        await recorder.commit([opening(scope, recorder.instance)])
        await asyncio.to_thread(administer, database, *breaks)
        try:
            await recorder.commit([turn(scope, "a")])
            await recorder.commit([turn(scope, "b")])
            assert waiting_bytes(tmp_path) > 0
        finally:
            await asyncio.to_thread(administer, database, *mends)
        await until(lambda: items(database) == ["a", "b"], "the replay")

    metrics = run(database, tmp_path, work)
    assert not quarantined(tmp_path)
    assert metrics.registry.get_sample_value("jarvis_gateway_records_rejected_total") == 0


def test_a_refused_record_is_set_aside_and_takes_no_other_with_it(
    database: Database, kiosk: tuple[UUID, UUID], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is in the quarantine, counted, and named by id in the log without its words; its neighbours are in."""
    scope = new_scope(kiosk)

    async def work(recorder: Recorder) -> None:
        await recorder.commit([opening(scope, recorder.instance)])
        bad = turn(scope, "bad", text="mot secret", status="imaginary")
        await recorder.commit([turn(scope, "a"), bad, turn(scope, "b")])

    metrics = run(database, tmp_path, work)
    assert items(database) == ["a", "b"]
    kept = quarantined(tmp_path)
    assert [(line["reason"], line["record"]["record"]["values"]["text"]) for line in kept] == [  # type: ignore[index]
        ("23514", "mot secret")
    ]
    assert metrics.registry.get_sample_value("jarvis_gateway_records_rejected_total") == 1
    refusal = next(record for record in caplog.records if record.message == "a record was refused")
    assert refusal.__dict__["session_id"] == str(scope.session_id)
    assert "secret" not in str(refusal.__dict__)


def test_a_refused_opening_fails_its_session_only(database: Database, kiosk: tuple[UUID, UUID], tmp_path: Path) -> None:
    """Whoever waits for the opening learns of it, and later records of that session are refused as well."""
    refused, fine = new_scope(kiosk), new_scope(kiosk)

    async def work(recorder: Recorder) -> None:
        for scope in (refused, fine):
            recorder.vouch_for(scope)
        with pytest.raises(SessionRefused):
            await recorder.commit([opening(refused, recorder.instance, badge_outcome="imaginary")])
        await recorder.commit([opening(fine, recorder.instance)])
        with pytest.raises(SessionRefused):
            await recorder.commit([store.close_session(refused, reason=CloseReason.IDLE, ended_at=NOW)])

    run(database, tmp_path, work)
    assert list(states(database)) == [fine.session_id]
    assert len(quarantined(tmp_path)) == 1


def test_bad_lines_of_a_journal_stop_nobody(database: Database, kiosk: tuple[UUID, UUID], tmp_path: Path) -> None:
    """A line that is no record and a block of another version are set aside; the lines around them are replayed."""
    scope = new_scope(kiosk)
    dead = Journal.open(tmp_path, "gateway-dead")
    dead.append([opening(scope, "gateway-dead"), turn(scope, "a")])
    with dead.path.open("ab") as stream:
        stream.write(b'{"kind": "write"}\n\xff not json\n')
    dead.append([Write(str(scope.kiosk_id), "renamed_block", {"session_id": str(scope.session_id)}), turn(scope, "b")])
    dead.close()

    async def work(recorder: Recorder) -> None:
        await until(lambda: items(database) == ["a", "b"], "the replay")
        later = new_scope(kiosk)
        await recorder.commit([opening(later, recorder.instance), turn(later, "c")])

    run(database, tmp_path, work)
    assert items(database) == ["a", "b", "c"]
    assert [line["reason"] for line in quarantined(tmp_path)] == ["unreadable", "unreadable", "KeyError"]
    assert not list(tmp_path.glob("*.jsonl"))


def test_a_bad_line_in_its_own_journal_costs_no_batch(
    database: Database, kiosk: tuple[UUID, UUID], tmp_path: Path
) -> None:
    """What is committed while the poisoned journal waits for its replay is acknowledged and arrives."""
    scope = new_scope(kiosk)

    async def work(recorder: Recorder) -> None:
        await recorder.commit([opening(scope, recorder.instance)])
        await asyncio.to_thread(administer, database, "revoke insert on session_turns from jarvis_gateway")
        try:
            await recorder.commit([turn(scope, "a")])
            poison(tmp_path)
        finally:
            await asyncio.to_thread(administer, database, "grant insert on session_turns to jarvis_gateway")
        await recorder.commit([turn(scope, "b")])
        await until(lambda: items(database) == ["a", "b"], "the replay")
        await until(lambda: recorder.is_connected, "the connection")
        await recorder.commit([turn(scope, "c")])

    run(database, tmp_path, work)
    assert items(database) == ["a", "b", "c"]
    assert [line["record"] for line in quarantined(tmp_path)] == ["poison"]


def test_a_failing_duty_fails_no_commit(database: Database, kiosk: tuple[UUID, UUID], tmp_path: Path) -> None:
    """Where the reaper's function is missing, records are still written and acknowledged."""
    administer(database, "alter function app.lost_sessions(integer) rename to reap_later")
    scope = new_scope(kiosk)

    async def work(recorder: Recorder) -> None:
        await recorder.commit([opening(scope, recorder.instance)])
        await recorder.commit([turn(scope, "a")])
        assert recorder.is_connected

    run(database, tmp_path, work, reap_seconds=0.0)
    assert items(database) == ["a"]


def test_typed_backslashes_are_kept_as_they_were(database: Database, kiosk: tuple[UUID, UUID], tmp_path: Path) -> None:
    r"""The six characters \u0000 are text; the character U+0000, which jsonb cannot hold, is left out."""
    scope = new_scope(kiosk)
    event = {"type": "x", "typed": "\\u0000 and \\\\u0000", "nul": "a\x00b"}

    async def work(recorder: Recorder) -> None:
        row = store.event_row(scope, seq=1, occurred_at=NOW, direction="kiosk_in", event=event)
        await recorder.commit([opening(scope, recorder.instance), row])

    run(database, tmp_path, work)
    with psycopg.connect(database.url_for("admin")) as connection:
        stored = connection.execute("select payload from realtime_events").fetchone()
    assert stored and stored[0] == {**event, "nul": "ab"}
