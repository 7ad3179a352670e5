"""« Bornes » on a real database: who sees and changes which kiosk, and what the database says when it refuses."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from dashboards import kiosk_desk
from dashboards.kiosk_desk import IssuedCode, KioskDesk, Level, SeenSettings
from dashboards.kiosks import SILENT_AFTER, KioskState, view
from dashboards.records import Records
from jarvis.kiosk_health import OFFLINE_AFTER
from jarvis.kiosks import Holder, stored_code
from jarvis.tenancy import Scope
from tests.support.dashboards_door import Network, make_network
from tests.support.sign_in_app import signed_in
from warehouse.people import Database

DeskOf = Callable[[str], "Bench"]


class Bench:
    """One signed-in person with their questions and their desk."""

    def __init__(self, scope: Scope, records: Records) -> None:
        self.scope, self.records = scope, records
        self.desk = KioskDesk(scope, records)

    def wall(self, *, kiosk_id: UUID | None = None) -> list[dict[str, Any]]:
        return [dict(row) for row in self.records.rows(self.scope, "kiosks.wall", gym_id=None, kiosk_id=kiosk_id)]

    def mark(self) -> Any:
        return self.records.row(self.scope, "kiosks.mark", silent_after=SILENT_AFTER, offline_after=OFFLINE_AFTER)

    def seen(self, kiosk_id: UUID, gym_id: UUID, level: Level) -> SeenSettings:
        layers = self.records.row(self.scope, "network.kiosk_setting_layers", id=kiosk_id)
        assert layers is not None
        return SeenSettings(level=level, gym_id=gym_id, kiosk_id=kiosk_id, layers=layers)

    def count(self, question: str, **values: object) -> int:
        return len(self.records.rows(self.scope, question, **values))


@pytest.fixture(scope="module")
def network(admin: psycopg.Connection) -> Network:
    """Somebody in each role; Pau and Lyon have a kiosk too."""
    made = make_network(admin)
    for gym_id, name in ((made.pau, "Borne Pau"), (made.lyon, "Borne Lyon")):
        admin.execute(
            "insert into kiosks (gym_id, slug, name, status) values (%s, 'borne', %s, 'online')", [gym_id, name]
        )
    return made


@pytest.fixture(scope="module")
def desk_of(pool: Database, admin: psycopg.Connection, network: Network) -> DeskOf:
    """The desk of somebody of the network, as the sign-in gives it."""
    records = Records(pool)
    return lambda name: Bench(signed_in(pool, admin, network.users[name])[0], records)


@pytest.fixture(autouse=True)
def fresh(admin: psycopg.Connection, network: Network) -> None:
    """Every test begins with the same three kiosks, nothing set and nothing on record."""
    admin.execute("delete from kiosks where slug not in ('entree', 'borne')")
    admin.execute("delete from kiosk_settings")
    admin.execute("delete from kiosk_credentials")
    admin.execute("delete from audit_log")
    admin.execute("update kiosks set status = 'online', last_heartbeat = now(), location_in_gym = null")


def actions(admin: psycopg.Connection, kiosk_id: UUID) -> list[tuple[str, UUID | None]]:
    """What the audit trail holds of a kiosk, in its order."""
    return admin.execute(
        "select action, actor_user_id from audit_log where subject_id = %s order by id", [str(kiosk_id)]
    ).fetchall()


def claim(admin: psycopg.Connection, issued: IssuedCode) -> tuple[object, ...] | None:
    """The kiosk's own call with the code, as the gateway makes it."""
    stored = stored_code(issued.code)
    return admin.execute(
        "select kiosk_id, slug from app.claim_kiosk(%s, %s, %s, %s, '192.0.2.1', '{}')",
        [stored.lookup, stored.hash, sha256(uuid4().bytes).digest(), f"tablette-{uuid4()}"],
    ).fetchone()


def other_kiosk(admin: psycopg.Connection, gym_id: UUID) -> UUID:
    row = admin.execute("select id from kiosks where gym_id = %s", [gym_id]).fetchone()
    assert row
    found: UUID = row[0]
    return found


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("admin", {"Borne entrée", "Borne Pau", "Borne Lyon"}),
        ("franchise", {"Borne entrée", "Borne Pau"}),
        ("dax", {"Borne entrée"}),
        ("equipe-dax", {"Borne entrée"}),
        ("pau", {"Borne Pau"}),
        ("lyon", {"Borne Lyon"}),
    ],
)
def test_everybody_sees_their_own_kiosks(desk_of: DeskOf, name: str, expected: set[str]) -> None:
    """The same question, six people, six answers; the mark counts the same kiosks."""
    bench = desk_of(name)
    assert {row["name"] for row in bench.wall()} == expected
    assert bench.mark()["kiosk_count"] == len(expected)


def test_a_guessed_kiosk_gives_nothing_and_changes_nothing(
    desk_of: DeskOf, admin: psycopg.Connection, network: Network
) -> None:
    """Pau's manager asks for Dax's kiosk by its id: the answer is that of an id that never was."""
    pau, before = desk_of("pau"), admin.execute("select * from kiosks order by id").fetchall()
    for kiosk_id in (network.kiosk, uuid4()):
        assert pau.wall(kiosk_id=kiosk_id) == []
        for question in ("device", "parts", "signs", "incidents", "history"):
            rows = pau.records.rows(pau.scope, f"kiosks.{question}", kiosk_id=kiosk_id)
            assert [row for row in rows if row.get("heartbeat_count") != 0] == []
        assert pau.count("kiosks.silences", kiosk_id=kiosk_id, offline_after=OFFLINE_AFTER, most=20) == 0
        assert pau.count("kiosks.conversations", kiosk_id=kiosk_id, most=5) == 0
        assert pau.count("network.kiosk_setting_layers", id=kiosk_id) == 0
        assert pau.count("network.kiosk_access", id=kiosk_id) == 0
        said = {
            pau.desk.revoke(kiosk_id),
            pau.desk.pause(kiosk_id, is_paused=True),
            pau.desk.rename(kiosk_id, seen=("Borne entrée", None), name="À moi", location=""),
            pau.desk.issue_code(kiosk_id, slug="x", name="x", holder=Holder.PAGE)[0],
        }
        assert {(change.is_done, change.message) for change in said} == {(False, kiosk_desk.KIOSK_GONE)}
    assert pau.desk.create(gym_id=network.dax, name="Chez le voisin", location="")[0].message == kiosk_desk.KIOSK_GONE
    assert admin.execute("select * from kiosks order by id").fetchall() == before


def test_staff_may_look_and_the_database_knows(desk_of: DeskOf, network: Network) -> None:
    """The page offers them nothing, and the functions refuse them too."""
    staff = desk_of("equipe-dax")
    assert staff.desk.revoke(network.kiosk).message == kiosk_desk.NOT_ALLOWED
    for change in ("revoke_kiosk", "pause_kiosk"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            staff.records.row(staff.scope, f"network.{change}", id=network.kiosk, is_paused=True)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        staff.records.row(
            staff.scope, "network.change_kiosk_settings", franchise_id=None, gym_id=network.dax,
            kiosk_id=network.kiosk, seen_version=0, settings="{}", removed=[],
        )  # fmt: skip


def test_a_new_kiosk_is_provisioned_with_its_code_once(
    desk_of: DeskOf, admin: psycopg.Connection, network: Network
) -> None:
    """The code opens once, the trail names the person and then the kiosk, and the code itself is nowhere."""
    dax = desk_of("dax")
    change, issued = dax.desk.create(gym_id=network.dax, name="Borne étage", location="près des vélos")
    assert change.is_done
    assert issued is not None
    (row,) = dax.wall(kiosk_id=issued.kiosk_id)
    assert view(row, now=datetime.now(UTC)).state is KioskState.PROVISIONING
    assert claim(admin, issued) == (issued.kiosk_id, "borne-etage")
    assert claim(admin, issued) is None
    kinds = [row["kind"] for row in dax.records.rows(dax.scope, "network.kiosk_access", id=issued.kiosk_id)]
    assert kinds == ["token"]
    assert actions(admin, issued.kiosk_id) == [
        ("kiosk_created", network.users["dax"]), ("kiosk_code_issued", network.users["dax"]),
        ("kiosk_provisioned", None),
    ]  # fmt: skip
    trail = admin.execute("select string_agg(details::text, ' ') from audit_log").fetchone()
    assert trail is not None
    assert issued.code not in trail[0]
    again, nothing = dax.desk.create(gym_id=network.dax, name="borne  ÉTAGE", location="")
    assert (again.message, nothing) == (kiosk_desk.NAME_TAKEN, None)


def test_revoking_ends_codes_and_tokens(desk_of: DeskOf, admin: psycopg.Connection, network: Network) -> None:
    """The owner of the franchise may too; nothing opens the door any more, and the kiosk waits for a code."""
    owner = desk_of("franchise")
    _, issued = owner.desk.issue_code(network.kiosk, slug="entree", name="Borne entrée", holder=Holder.PAGE)
    assert issued is not None
    assert owner.desk.revoke(network.kiosk).is_done
    assert claim(admin, issued) is None
    assert owner.wall(kiosk_id=network.kiosk)[0]["status"] == "provisioning"


def test_a_name_somebody_changed_meanwhile_is_not_overwritten(
    desk_of: DeskOf, admin: psycopg.Connection, network: Network
) -> None:
    """Two managers read the same name; the second one is told."""
    first, second, seen = desk_of("dax"), desk_of("dax-adjoint"), ("Borne entrée", None)
    assert first.desk.rename(network.kiosk, seen=seen, name="Borne hall", location="hall").is_done
    late = second.desk.rename(network.kiosk, seen=seen, name="Borne porte", location="")
    assert (late.is_done, late.message) == (False, kiosk_desk.CHANGED_MEANWHILE)
    assert first.wall()[0]["name"] == "Borne hall"
    first.desk.rename(network.kiosk, seen=("Borne hall", "hall"), name="Borne entrée", location="")
    assert [action for action, _ in actions(admin, network.kiosk)] == ["kiosk_changed", "kiosk_changed"]


def test_a_kiosk_in_maintenance_is_missed_by_nobody(
    desk_of: DeskOf, admin: psycopg.Connection, network: Network
) -> None:
    """There and back, each once, each on record; a kiosk that was never set up cannot be put away."""
    dax = desk_of("dax")
    assert dax.desk.pause(network.kiosk, is_paused=True).is_done
    assert dax.desk.pause(network.kiosk, is_paused=True).message == kiosk_desk.ALREADY_SO
    assert dax.wall()[0]["status"] == "maintenance"
    assert dax.desk.pause(network.kiosk, is_paused=False).is_done
    assert dax.wall()[0]["status"] == "offline"
    assert [action for action, _ in actions(admin, network.kiosk)] == ["kiosk_paused", "kiosk_resumed"]
    admin.execute("update kiosks set status = 'provisioning' where id = %s", [network.kiosk])
    assert dax.desk.pause(network.kiosk, is_paused=True).message == kiosk_desk.ALREADY_SO


def test_settings_hold_by_level_and_are_on_record(desk_of: DeskOf, admin: psycopg.Connection, network: Network) -> None:
    """The franchise's word, the gym's before it, the kiosk's before both; the gateway reads the same."""
    owner, dax = desk_of("franchise"), desk_of("dax")
    for bench, level, wanted in (
        (owner, Level.FRANCHISE, {"voice": "marin", "volume": 0.4}),
        (dax, Level.GYM, {"voice": "cedar"}),
        (dax, Level.KIOSK, {"voice": "sage", "theme": "contrast"}),
    ):
        assert bench.desk.configure(bench.seen(network.kiosk, network.dax, level), wanted).is_done
    effective = admin.execute("select settings from app.kiosk_settings_of(%s)", [[network.kiosk]]).fetchone()
    assert effective == ({"voice": "sage", "theme": "contrast", "volume": 0.4},)
    assert dax.desk.configure(dax.seen(network.kiosk, network.dax, Level.KIOSK), {"voice": None}).is_done
    assert dax.wall()[0]["settings"]["voice"] == "cedar"
    trail = dax.records.rows(dax.scope, "kiosks.history", kiosk_id=network.kiosk)
    assert [(row["actor_name"], row["subject_table"]) for row in trail] == [
        ("Camille Durand", "kiosks"), ("Camille Durand", "kiosks"), ("Camille Durand", "gyms"),
    ]  # fmt: skip
    assert trail[0]["details"]["changed"] == {"voice": {"from": "sage", "to": None}}


@pytest.mark.parametrize("level", [Level.GYM, Level.KIOSK])
def test_settings_somebody_changed_meanwhile_are_not_overwritten(
    desk_of: DeskOf, network: Network, level: Level
) -> None:
    """Neither the first row of a level nor a later one."""
    first, second = desk_of("dax"), desk_of("dax-adjoint")
    for voice in ("cedar", "marin"):
        seen = second.seen(network.kiosk, network.dax, level)
        assert first.desk.configure(first.seen(network.kiosk, network.dax, level), {"voice": voice}).is_done
        late = second.desk.configure(seen, {"voice": "echo"})
        assert (late.is_done, late.message) == (False, kiosk_desk.CHANGED_MEANWHILE)
        assert first.wall()[0]["settings"]["voice"] == voice
    same = first.desk.configure(first.seen(network.kiosk, network.dax, level), {"voice": "marin", "theme": None})
    assert same.message == kiosk_desk.NOTHING_NEW


def test_settings_of_others_are_out_of_reach(desk_of: DeskOf, admin: psycopg.Connection, network: Network) -> None:
    """A manager's franchise, a rival's franchise, a neighbour's kiosk under one's own gym: nothing is written."""
    dax, owner = desk_of("dax"), desk_of("franchise")
    seen = dax.seen(network.kiosk, network.dax, Level.FRANCHISE)
    assert dax.desk.configure(seen, {"voice": "echo"}).message == kiosk_desk.KIOSK_GONE
    rival = SeenSettings(
        level=Level.FRANCHISE, gym_id=network.dax, kiosk_id=network.kiosk,
        layers={**seen.layers, "franchise_id": uuid4()},
    )  # fmt: skip
    assert owner.desk.configure(rival, {"voice": "echo"}).message == kiosk_desk.KIOSK_GONE
    smuggled = SeenSettings(
        level=Level.KIOSK, gym_id=network.dax, kiosk_id=other_kiosk(admin, network.pau), layers=seen.layers
    )
    assert dax.desk.configure(smuggled, {"voice": "echo"}).message == kiosk_desk.KIOSK_GONE
    assert admin.execute("select count(*) from kiosk_settings").fetchone() == (0,)


def test_the_mark_differs_when_a_kiosk_does(desk_of: DeskOf, admin: psycopg.Connection, network: Network) -> None:
    """Silence, offline, a fault, a talk and a setting each change it; a heartbeat on time and the neighbour do not."""
    dax = desk_of("dax")
    marks = [dax.mark()]

    def after(change: str, *values: object) -> None:
        admin.execute(change, values)
        marks.append(dax.mark())

    after("update kiosks set last_heartbeat = now() - interval '50 seconds' where id = %s", network.kiosk)
    after("update kiosks set status = 'error' where gym_id = %s", network.pau)
    assert len({mark["digest"] for mark in marks}) == 1
    after("update kiosks set last_heartbeat = now() - interval '4 minutes' where id = %s", network.kiosk)
    after("update kiosks set last_heartbeat = now() - interval '11 minutes' where id = %s", network.kiosk)
    after("update kiosks set status = 'error', last_heartbeat = now() where id = %s", network.kiosk)
    after(
        "insert into openai_realtime_sessions (gym_id, kiosk_id, lease_until) "
        "values (%s, %s, now() + interval '1 minute')",
        network.dax, network.kiosk,
    )  # fmt: skip
    assert dax.desk.configure(dax.seen(network.kiosk, network.dax, Level.GYM), {"volume": 0.5}).is_done
    marks.append(dax.mark())
    assert len({mark["digest"] for mark in marks}) == 6
    admin.execute("delete from openai_realtime_sessions")


def test_the_wall_tells_of_the_last_minutes_and_of_today(
    desk_of: DeskOf, admin: psycopg.Connection, network: Network
) -> None:
    """What was said last of each part, today's talks with those cut off, the open alert, and the gaps and turns."""
    now = datetime.now(UTC)
    for minutes, microphone_ok, reader_ok in ((60, True, True), (4, None, False), (2, True, None), (0, None, None)):
        admin.execute(
            "insert into kiosk_heartbeats (gym_id, kiosk_id, received_at, microphone_ok, reader_ok, network_ms) "
            "values (%s, %s, %s, %s, %s, 20)",
            [network.dax, network.kiosk, now - timedelta(minutes=minutes), microphone_ok, reader_ok],
        )
    for reason in ("member_goodbye", "provider_lost"):
        admin.execute(
            "insert into openai_realtime_sessions (gym_id, kiosk_id, state, started_at, ended_at, close_reason) "
            "values (%s, %s, 'closed', now(), now(), %s)",
            [network.dax, network.kiosk, reason],
        )
    dax = desk_of("dax")
    (row,) = dax.wall()
    assert (row["reader_ok"], row["microphone_ok"], row["session_count"], row["cut_count"], row["has_alert"]) == (
        False, True, 2, 1, False,
    )  # fmt: skip
    (silence,) = dax.records.rows(
        dax.scope, "kiosks.silences", kiosk_id=network.kiosk, offline_after=OFFLINE_AFTER, most=20
    )
    assert silence["ended_at"] - silence["began_at"] == timedelta(minutes=56)
    (spell,) = dax.records.rows(dax.scope, "kiosks.parts", kiosk_id=network.kiosk)
    assert (spell["part"], spell["began_at"], spell["ended_at"]) == ("reader", now - timedelta(minutes=4), None)
    assert dax.count("kiosks.conversations", kiosk_id=network.kiosk, most=5) == 2
    admin.execute("delete from openai_realtime_sessions")
    admin.execute("delete from kiosk_heartbeats")


def test_a_status_is_dated_when_it_changes(admin: psycopg.Connection, network: Network) -> None:
    """A heartbeat that changes nothing leaves the date; a change sets it."""
    admin.execute("update kiosks set status_changed_at = '2026-01-01' where id = %s", [network.kiosk])
    admin.execute("update kiosks set status = 'online' where id = %s", [network.kiosk])
    since = "select status_changed_at < now() - interval '1 day' from kiosks where id = %s"
    assert admin.execute(since, [network.kiosk]).fetchone() == (True,)
    admin.execute("update kiosks set status = 'offline' where id = %s", [network.kiosk])
    assert admin.execute(since, [network.kiosk]).fetchone() == (False,)


@pytest.mark.parametrize("table", ["gyms", "franchises"])
def test_the_wall_of_a_suspended_gym_says_so(
    desk_of: DeskOf, admin: psycopg.Connection, network: Network, table: str
) -> None:
    """A manager who reads no franchise sees it too, and the open page learns of it; another gym's wall is as it was."""
    dax, lyon = desk_of("dax"), desk_of("lyon")
    before, elsewhere = dax.mark(), lyon.mark()
    assert {row["is_served"] for row in (*dax.wall(), *lyon.wall())} == {True}
    (franchise,) = admin.execute("select franchise_id from gyms where id = %s", [network.dax]).fetchone() or ()
    which = {"gyms": network.dax, "franchises": franchise}[table]

    def change(status: str) -> None:
        statement = SQL("update {} set status = %s where id = %s").format(Identifier(table))
        admin.execute(statement, [status, which])

    try:
        change("suspended")
        assert {row["is_served"] for row in dax.wall()} == {False}
        assert {view(row, now=datetime.now(UTC)).state for row in dax.wall()} == {KioskState.SUSPENDED}
        assert dax.mark() != before
        assert ({row["is_served"] for row in lyon.wall()}, lyon.mark()) == ({True}, elsewhere)
    finally:
        change("active")
    assert dax.mark() == before
