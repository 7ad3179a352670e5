"""Opening and changing clients on a real database: all or nothing, by who runs the network, and on record."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID, uuid4

import psycopg
import pytest

from dashboards.records import Records
from jarvis.kiosk_health import OFFLINE_AFTER
from jarvis.kiosks import stored_code
from jarvis.tenancy import Scope, UserRole
from tests.tenants import PERSON, made_id, scope_of
from warehouse.people import Database
from warehouse.stores.clients import USUAL_HOURS, Clients, NewClient
from warehouse.stores.sign_in import DatabaseSessions, Visitor
from warehouse.stores.team import Refusal, TeamRefused

PLAGE = NewClient(
    franchise_name="Sud Forme", city="Biarritz", gym_name="Biarritz Plage", kiosk_name="Borne entrée",
    people=(("owner@example.com", UserRole.FRANCHISE_OWNER), ("manager@example.com", UserRole.GYM_MANAGER)),
)  # fmt: skip

Acting = Callable[[str], tuple[Scope, str]]


@pytest.fixture
def acting(planted: tuple[psycopg.Connection, Database]) -> Acting:
    """Somebody's scope and session token, freshly proven."""
    connection, pool = planted

    def found(name: str) -> tuple[Scope, str]:
        person = PERSON[name]
        opened = DatabaseSessions(pool).open(person.id, Visitor())
        assert opened is not None
        connection.execute("update dashboard_sessions set stage = 'open' where user_id = %s", [person.id])
        return scope_of(name), opened.token

    return found


def count(connection: psycopg.Connection) -> tuple[object, ...] | None:
    return connection.execute(
        "select (select count(*) from franchises), (select count(*) from gyms), (select count(*) from kiosks), "
        "(select count(*) from users)"
    ).fetchone()


def test_a_client_is_opened_in_one_step(planted: tuple[psycopg.Connection, Database], acting: Acting) -> None:
    """Franchise, gym with its defaults, kiosk with a code that works, two invitations, and five lines of the trail."""
    connection, pool = planted
    root, token = acting("root")
    opened = Clients(pool).open_client(root, token, PLAGE)
    gym = connection.execute(
        "select slug, franchise_id, opening_hours, timezone, alert_budget_per_week, storage_level, status "
        "from gyms where id = %s",
        [opened.gym_id],
    ).fetchone()
    hours = {day: list(times) for day, times in USUAL_HOURS.items()}
    assert gym == ("biarritz-plage", opened.franchise_id, hours, "Europe/Paris", 15, "all", "active")
    hashes = connection.execute(
        "select secret_hash from kiosk_credentials where kiosk_id = %s and kind = 'code'", [opened.kiosk_id]
    ).fetchall()
    assert hashes == [(stored_code(opened.code).hash,)]
    people = connection.execute(
        "select email, role, franchise_id, gym_id from users where email like '%@example.com' order by email"
    ).fetchall()
    assert people == [
        ("manager@example.com", "gym_manager", None, opened.gym_id),
        ("owner@example.com", "franchise_owner", opened.franchise_id, None),
    ]
    assert [link.email for link in opened.links] == ["owner@example.com", "manager@example.com"]
    written = connection.execute(
        "select action from audit_log where actor_user_id = %s and action <> 'password_accepted' order by id",
        [root.user_id],
    ).fetchall()
    assert [row[0] for row in written][-6:] == [
        "franchise_created", "gym_created", "kiosk_created", "user_invited", "user_invited", "kiosk_code_issued",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"gym_name": "Dax"}, Refusal.NAME_TAKEN),
        ({"people": (("manager_dax@example.org", UserRole.GYM_MANAGER),)}, Refusal.EMAIL_TAKEN),
        ({"franchise_name": None, "franchise_id": uuid4()}, Refusal.WRONG_PLACE),
    ],
)
def test_what_cannot_be_leaves_nothing_behind(
    planted: tuple[psycopg.Connection, Database], acting: Acting, change: dict[str, object], reason: Refusal
) -> None:
    """Neither a franchise without a gym nor a gym without its people."""
    connection, pool = planted
    before = count(connection)
    root, token = acting("root")
    another = replace(PLAGE, **{"gym_name": "Anglet", "people": (), **change})  # type: ignore[arg-type]
    with pytest.raises(TeamRefused) as refused:
        Clients(pool).open_client(root, token, another)
    assert refused.value.reason is reason
    assert count(connection) == before


@pytest.mark.parametrize("name", ["owner_atlantique", "manager_dax", "staff_dax", "analyst_dax", "suspended_root"])
def test_only_who_runs_the_network_opens_clients(
    planted: tuple[psycopg.Connection, Database], acting: Acting, name: str
) -> None:
    """Whoever else asks, nothing is there afterwards."""
    connection, pool = planted
    before = count(connection)
    person = PERSON[name]
    scope = Scope(user_id=person.id, role=UserRole(person.role), full_name=name)
    with pytest.raises(TeamRefused) as refused:
        Clients(pool).open_client(scope, "no such token", replace(PLAGE, gym_name="Anglet", people=()))
    assert refused.value.reason is Refusal.NOT_ALLOWED
    assert count(connection) == before


@pytest.mark.parametrize(
    ("name", "gyms", "franchises"),
    [
        ("root", {"Dax", "Pau", "Lyon"}, {"atlantique", "rhone"}),
        ("owner_atlantique", {"Dax", "Pau"}, {"atlantique"}),
        ("manager_dax", {"Dax"}, set()),
        ("suspended_root", set(), set()),
    ],
)
def test_four_people_have_four_answers(
    planted: tuple[psycopg.Connection, Database], name: str, gyms: set[str], franchises: set[str]
) -> None:
    """The same questions; a guessed id gives nothing."""
    records, person = Records(planted[1]), PERSON[name]
    scope = Scope(user_id=person.id, role=UserRole(person.role), full_name=name)
    rows = records.rows(scope, "clients.gyms", id=None, franchise_id=None, offline_after=OFFLINE_AFTER)
    assert {row["name"] for row in rows} - {"Biarritz Plage"} == gyms
    assert all(row["member_count"] == 1 and row["kiosk_count"] == 1 for row in rows if row["name"] in gyms)
    found = {row["name"] for row in records.rows(scope, "clients.franchises", id=None)} - {"Sud Forme"}
    assert found == franchises
    lyon: UUID = made_id("gym", "lyon")
    guessed = records.rows(scope, "clients.gyms", id=lyon, franchise_id=None, offline_after=OFFLINE_AFTER)
    assert bool(guessed) is ("Lyon" in gyms)


@pytest.mark.parametrize(("minutes", "online_count"), [(1, 1), (11, 0)])
def test_a_kiosk_is_online_while_it_is_heard(
    planted: tuple[psycopg.Connection, Database], minutes: int, online_count: int
) -> None:
    """One that only was when it was last heard is not counted: « Bornes » says that it does not answer."""
    connection, pool = planted
    dax: UUID = made_id("gym", "dax")
    connection.execute(
        "update kiosks set status = 'online', last_heartbeat = now() - make_interval(mins => %s) where gym_id = %s",
        [minutes, dax],
    )
    scope = Scope(user_id=PERSON["root"].id, role=UserRole.SUPER_ADMIN, full_name="root")
    found = Records(pool).row(scope, "clients.gyms", id=dax, franchise_id=None, offline_after=OFFLINE_AFTER)
    assert found is not None
    assert found["online_count"] == online_count


def test_a_gym_is_suspended_by_the_network_only(planted: tuple[psycopg.Connection, Database]) -> None:
    """Its own manager may change its address, not its state."""
    connection, pool = planted
    records, dax = Records(pool), made_id("gym", "dax")
    values = dict.fromkeys(("name", "city", "address", "timezone", "opening_hours"))

    def suspend(name: str) -> object:
        person = PERSON[name]
        scope = Scope(user_id=person.id, role=UserRole(person.role), full_name=name)
        row = records.row(scope, "network.change_gym", id=dax, status="suspended", **values)
        return row and row["answer"]

    for name in ("manager_dax", "owner_atlantique"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            suspend(name)
    assert suspend("root") is True
    assert connection.execute("select status from gyms where id = %s", [dax]).fetchone() == ("suspended",)
    connection.execute("update gyms set status = 'active'")
