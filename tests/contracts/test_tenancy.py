"""Each role reads and writes exactly its own, tried on every table against siblings, strangers and the suspended.

The tables are asked of the catalogue, so that a new one is tried without a change here. Every gym of
`tests/tenants.py` has one row in each; what a door sees is the set of gyms whose rows come back.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import LiteralString
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg import Connection, sql

from jarvis.settings import Door, Settings
from tests.conftest import Database, cloned_database
from tests.tenants import FRANCHISE_OF, GYMS, NOON, PEOPLE, PERSON, Person, made_id, plant
from warehouse.connection import as_kiosk, as_user

GYM_NAMES = {made_id("gym", gym): gym for gym in GYMS}
ANALYSTS = tuple(person for person in PEOPLE if person.role == "analyst")

# The dashboard cannot read these at all; `tests/contracts/test_catalogue.py` says which doors may read what.
DASHBOARD_TABLES_AT_LEAST = {"gym_members_v2", "session_turns", "conversation_summaries", "manager_alerts"}

MOVE_AN_ALERT: LiteralString = "update public.manager_alerts set status = 'in_progress' where gym_id = %s"
CLOSE_AN_ACTION: LiteralString = "update public.action_items set state = 'done' where gym_id = %s"


@pytest.fixture(scope="module")
def planted(
    server_settings: Settings, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """The network of tenants; every test takes back what it writes."""
    home = tmp_path_factory.mktemp("tenancy")
    with cloned_database(server_settings, template_database, home) as database:
        with database.admin() as admin:
            plant(admin)
        yield database


@contextmanager
def undone(connection: Connection) -> Iterator[Connection]:
    """What happens inside is taken back at the end."""
    with connection.transaction(force_rollback=True):
        yield connection


@contextmanager
def signed_in(database: Database, person: Person) -> Iterator[Connection]:
    """The dashboard's connection in a transaction of this person, taken back at the end."""
    with database.connect("dashboard") as connection, undone(connection), as_user(connection, person.id):
        yield connection


@contextmanager
def at_kiosk(database: Database, gym: str) -> Iterator[Connection]:
    """The gateway's connection in a transaction of the gym's kiosk, taken back at the end."""
    with database.connect("gateway") as connection, undone(connection), as_kiosk(connection, made_id("kiosk", gym)):
        yield connection


@contextmanager
def logged_in_as_analyst(database: Database, person: Person) -> Iterator[Connection]:
    """A connection of a login role that is mapped to this person; then the role is gone."""
    role, password = f"test_{person.name}", "only-for-this-test"
    with database.admin() as admin:
        admin.execute(
            sql.SQL("create role {} login password {} in role jarvis_analyst").format(sql.Identifier(role), password)
        )
        admin.execute("insert into app.analyst_logins values (%s, %s)", [role, person.id])
        parts = urlsplit(database.url_for("admin"))
        url = urlunsplit(parts._replace(netloc=f"{role}:{password}@{parts.hostname}:{parts.port}"))
        try:
            with psycopg.connect(url, autocommit=True) as connection:
                yield connection
        finally:
            admin.execute("delete from app.analyst_logins where role_name = %s", [role])
            admin.execute(sql.SQL("drop role {}").format(sql.Identifier(role)))


def tenant_tables(connection: Connection) -> list[str]:
    """Tables with a gym that this connection's role has any grant to read, partitions apart."""
    return [
        row[0]
        for row in connection.execute(
            "select tables.relname from pg_class as tables "
            "inner join pg_attribute as columns on tables.oid = columns.attrelid and columns.attname = 'gym_id' "
            "where tables.relnamespace = 'public'::regnamespace and tables.relkind in ('r', 'p') "
            "and not tables.relispartition and tables.relname <> 'users' "
            "and has_column_privilege(tables.oid, columns.attnum, 'select') order by tables.relname"
        )
    ]


def gyms_seen(connection: Connection, table: str) -> set[str]:
    """Names of the gyms whose rows this connection reads."""
    query = sql.SQL("select distinct gym_id from {}").format(sql.Identifier("public", table))
    return {GYM_NAMES[row[0]] for row in connection.execute(query)}


def test_every_tenant_table_has_a_row_in_every_gym(planted: Database) -> None:
    """Seeing nothing of an empty table proves nothing: a new table needs a row in `tests/tenants.py`."""
    with planted.admin() as admin:
        tables = tenant_tables(admin)
        assert len(tables) > 20
        assert {table: gyms_seen(admin, table) for table in tables} == {table: set(GYMS) for table in tables}


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.name)
def test_a_signed_in_user_reads_exactly_their_gyms(planted: Database, person: Person) -> None:
    """On every table a manager of Dax can't read Pau, an owner can't read another franchise, the suspended nothing."""
    with signed_in(planted, person) as connection:
        tables = tenant_tables(connection)
        assert set(tables) >= DASHBOARD_TABLES_AT_LEAST
        assert {table: gyms_seen(connection, table) for table in tables} == dict.fromkeys(tables, person.sees)
        gyms = {row[0] for row in connection.execute("select slug from public.gyms")}
        assert gyms == person.sees


@pytest.mark.parametrize("gym", GYMS)
def test_a_kiosk_reads_exactly_its_gym(planted: Database, gym: str) -> None:
    """On every table the gateway reads the gym of the kiosk it speaks for, and no other."""
    with at_kiosk(planted, gym) as connection:
        tables = tenant_tables(connection)
        assert "gym_members_v2" in tables
        assert {table: gyms_seen(connection, table) for table in tables} == {table: {gym} for table in tables}
        assert connection.execute("select slug from public.gyms").fetchall() == [(gym,)]


@pytest.mark.parametrize("person", ANALYSTS, ids=lambda person: person.name)
def test_an_analysts_login_reads_exactly_their_gyms(planted: Database, person: Person) -> None:
    """In plain SQL too, whatever the analyst claims to be in the settings of the session."""
    with logged_in_as_analyst(planted, person) as connection:
        connection.execute("select set_config('app.user_id', %s, false)", [str(PERSON["root"].id)])
        connection.execute("select set_config('app.kiosk_id', %s, false)", [str(made_id("kiosk", "lyon"))])
        tables = tenant_tables(connection)
        assert "openai_realtime_sessions" in tables
        assert {table: gyms_seen(connection, table) for table in tables} == dict.fromkeys(tables, person.sees)


def test_an_analysts_login_without_a_person_reads_nothing(planted: Database) -> None:
    """A login role that nobody mapped sees no row."""
    with logged_in_as_analyst(planted, PERSON["analyst_atlantique"]) as connection:
        with planted.admin() as admin:
            admin.execute("delete from app.analyst_logins")
        assert {gym for table in tenant_tables(connection) for gym in gyms_seen(connection, table)} == set()


@pytest.mark.parametrize("claim", [None, ""])
@pytest.mark.parametrize("door", ["dashboard", "gateway"])
def test_no_identity_reads_nothing(planted: Database, door: Door, claim: str | None) -> None:
    """Nobody signed in, or an empty claim as a pool leaves it behind: no rows, and no error either."""
    with planted.connect(door) as connection, undone(connection):
        if claim is not None:
            connection.execute("select set_config('app.user_id', %s, true)", [claim])
            connection.execute("select set_config('app.kiosk_id', %s, true)", [claim])
        tables = [*tenant_tables(connection)]
        assert {gym for table in tables for gym in gyms_seen(connection, table)} == set()
        assert connection.execute("select count(*) from public.gyms").fetchone() == (0,)


@pytest.mark.parametrize("door", ["dashboard", "gateway"])
def test_an_unknown_identity_reads_nothing(planted: Database, door: Door) -> None:
    """An id that belongs to nobody opens nothing."""
    with planted.connect(door) as connection, undone(connection):
        connection.execute("select set_config('app.user_id', %s, true)", [str(uuid4())])
        connection.execute("select set_config('app.kiosk_id', %s, true)", [str(uuid4())])
        assert {gym for table in tenant_tables(connection) for gym in gyms_seen(connection, table)} == set()


def test_a_kiosks_identity_opens_nothing_at_the_dashboard(planted: Database) -> None:
    """Each door knows its own kind of identity only."""
    with planted.connect("dashboard") as connection, undone(connection):
        connection.execute("select set_config('app.kiosk_id', %s, true)", [str(made_id("kiosk", "dax"))])
        assert {gym for table in tenant_tables(connection) for gym in gyms_seen(connection, table)} == set()


def test_an_identity_ends_with_its_transaction(planted: Database) -> None:
    """A pooled connection carries nobody's rights to the next request."""
    with planted.connect("dashboard") as connection:
        with as_user(connection, PERSON["root"].id):
            assert gyms_seen(connection, "manager_alerts") == set(GYMS)
        assert gyms_seen(connection, "manager_alerts") == set()


def test_suspension_takes_effect_at_once(planted: Database) -> None:
    """The next statement of a user who was just suspended reads nothing."""
    # An owner: the database keeps its last active super_admin.
    owner = PERSON["owner_atlantique"].id
    with planted.admin() as admin, planted.connect("dashboard") as connection, as_user(connection, owner):
        assert gyms_seen(connection, "manager_alerts") != set()
        admin.execute("update public.users set is_active = false where id = %s", [owner])
        try:
            assert gyms_seen(connection, "manager_alerts") == set()
        finally:
            admin.execute("update public.users set is_active = true where id = %s", [owner])


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("root", {person.name for person in PEOPLE}),
        (
            "owner_atlantique",
            {
                "owner_atlantique", "manager_dax", "manager_pau", "staff_dax", "analyst_atlantique", "analyst_dax",
                "suspended_owner", "suspended_manager", "suspended_staff", "suspended_analyst",
            },
        ),
        ("owner_rhone", {"owner_rhone"}),
        (
            "manager_dax",
            {"manager_dax", "staff_dax", "analyst_dax", "suspended_manager", "suspended_staff"},
        ),
        ("suspended_manager", set()),
        ("suspended_root", set()),
    ],
)  # fmt: skip
def test_a_user_sees_the_people_of_their_scope(planted: Database, name: str, seen: set[str]) -> None:
    """Colleagues of the gyms one sees, owners the franchise's people, and nobody of elsewhere."""
    with signed_in(planted, PERSON[name]) as connection:
        emails = {row[0].removesuffix("@example.org") for row in connection.execute("select email from public.users")}
    assert emails == seen


@pytest.mark.parametrize(
    ("name", "seen"),
    [
        ("root", {"atlantique", "rhone"}),
        ("owner_rhone", {"rhone"}),
        ("manager_dax", set()),
        ("suspended_owner", set()),
    ],
)
def test_a_franchise_is_its_owners(planted: Database, name: str, seen: set[str]) -> None:
    """A gym's manager has no view of the franchise's plan, nor has another franchise."""
    with signed_in(planted, PERSON[name]) as connection:
        assert {row[0] for row in connection.execute("select name from public.franchises")} == seen
    assert seen <= set(FRANCHISE_OF.values())


@pytest.mark.parametrize("statement", [MOVE_AN_ALERT, CLOSE_AN_ACTION], ids=["alert", "action_item"])
@pytest.mark.parametrize("gym", GYMS)
@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.name)
def test_only_managers_move_what_is_to_be_done(
    planted: Database, person: Person, gym: str, statement: LiteralString
) -> None:
    """Managers and owners act in their own gyms; staff, analysts, the suspended and strangers in none."""
    with signed_in(planted, person) as connection:
        moved = connection.execute(statement, [made_id("gym", gym)]).rowcount
    assert moved == (1 if gym in person.manages else 0)


@pytest.mark.parametrize(
    "column", ["gym_id", "member_id", "title", "description", "context", "priority", "dedup_key", "resolved_at"]
)
def test_a_manager_changes_no_more_of_an_alert_than_its_course(planted: Database, column: str) -> None:
    """What happened stays as it was reported: only state, assignee, notes and outcome may change."""
    statement = sql.SQL("update public.manager_alerts set {column} = {column}").format(column=sql.Identifier(column))
    with pytest.raises(psycopg.errors.InsufficientPrivilege), signed_in(planted, PERSON["manager_dax"]) as connection:
        connection.execute(statement)


@pytest.mark.parametrize("door", ["dashboard", "gateway"])
def test_no_door_deletes_anything(planted: Database, door: Door) -> None:
    """Not one row of any table: retention and erasure are the pipeline's."""
    with planted.admin() as admin:
        tables = tenant_tables(admin)
    for table in [*tables, "users", "gyms", "franchises"]:
        statement = sql.SQL("delete from {}").format(sql.Identifier("public", table))
        with (
            planted.connect(door) as connection,
            undone(connection),
            pytest.raises(psycopg.errors.InsufficientPrivilege),
        ):
            connection.execute(statement)


def test_the_dashboard_inserts_nothing(planted: Database) -> None:
    """A dashboard shows and moves; it makes no row of any table."""
    with planted.admin() as admin:
        tables = tenant_tables(admin)
    with planted.connect("dashboard") as connection:
        allowed = [
            table
            for table in [*tables, "users", "gyms", "franchises", "model_versions"]
            for answer in connection.execute("select has_any_column_privilege(%s, 'insert')", [f"public.{table}"])
            if answer[0]
        ]
    assert allowed == []


def test_an_analysts_login_writes_nothing(planted: Database) -> None:
    """Reading is all it may do, on every table and in every schema."""
    with logged_in_as_analyst(planted, PERSON["analyst_atlantique"]) as connection:
        writable = connection.execute(
            "select tables.oid::regclass::text from pg_class as tables where tables.relkind in ('r', 'p', 'v') "
            "and tables.relnamespace = any (array['public', 'app', 'marts', 'staging']::regnamespace[]) "
            "and has_any_column_privilege(tables.oid, 'insert, update')"
        ).fetchall()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("create table marts.mine (gym_id uuid)")
    assert writable == []


# What a gateway writes for one kiosk: every row names its gym, and what a kiosk itself does names the kiosk.
GATEWAY_INSERTS: dict[str, LiteralString] = {
    "heartbeat": "insert into public.kiosk_heartbeats (gym_id, kiosk_id) values (%(gym_id)s, %(kiosk_id)s)",
    "visit": "insert into public.member_visits (gym_id, member_id, kiosk_id) "
    "values (%(gym_id)s, %(member_id)s, %(kiosk_id)s)",
    "consent": "insert into public.consents (gym_id, member_id, purpose, is_granted, notice_version) "
    "values (%(gym_id)s, %(member_id)s, 'service', true, '2026-01')",
    "session": "insert into public.openai_realtime_sessions (gym_id, kiosk_id) values (%(gym_id)s, %(kiosk_id)s)",
    "event": "insert into public.realtime_events "
    "(session_id, gym_id, seq, occurred_at, direction, event_type, payload) "
    "values (%(session_id)s, %(gym_id)s, 1, %(noon)s, 'gateway', 'error', '{}')",
    "turn": "insert into public.session_turns (session_id, gym_id, item_id, position, role, text, started_at) "
    "values (%(session_id)s, %(gym_id)s, 'item_2', 1, 'assistant', 'Bonjour', %(noon)s)",
    "tool call": "insert into public.tool_calls (session_id, gym_id, call_id, name) "
    "values (%(session_id)s, %(gym_id)s, 'call_2', 'get_opening_hours')",
    "usage": "insert into public.realtime_usage "
    "(session_id, gym_id, source_kind, source_id, model, price_version, cost_usd) "
    "values (%(session_id)s, %(gym_id)s, 'response', 'resp_2', 'm', 'p', 0)",
}

INSERTS_OF_THE_KIOSK_ITSELF = ("heartbeat", "visit", "session")


def row_of(gym: str, *, kiosk_id: UUID | None = None) -> dict[str, object]:
    """Parameters that name everything of one gym."""
    return {
        "gym_id": made_id("gym", gym),
        "kiosk_id": kiosk_id or made_id("kiosk", gym),
        "member_id": made_id("member", gym),
        "session_id": made_id("session", gym),
        "noon": NOON,
    }


@pytest.mark.parametrize("kind", GATEWAY_INSERTS)
def test_a_kiosk_writes_in_its_gym(planted: Database, kind: str) -> None:
    """What a gateway has to write, it may write."""
    with at_kiosk(planted, "dax") as connection:
        assert connection.execute(GATEWAY_INSERTS[kind], row_of("dax")).rowcount == 1


@pytest.mark.parametrize("gym", ["pau", "lyon"])
@pytest.mark.parametrize("kind", GATEWAY_INSERTS)
def test_a_kiosk_writes_in_no_other_gym(planted: Database, kind: str, gym: str) -> None:
    """Neither in a sibling of the franchise nor in another one."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege), at_kiosk(planted, "dax") as connection:
        connection.execute(GATEWAY_INSERTS[kind], row_of(gym))


@pytest.mark.parametrize("kind", GATEWAY_INSERTS)
def test_a_row_of_one_gym_points_at_nothing_of_another(planted: Database, kind: str) -> None:
    """A stranger's kiosk, member or session is refused by the composite keys, also past row security."""
    values = {**row_of("pau"), "gym_id": made_id("gym", "dax")}
    with (
        planted.connect("pipeline") as connection,
        undone(connection),
        pytest.raises(psycopg.errors.ForeignKeyViolation),
    ):
        connection.execute(GATEWAY_INSERTS[kind], values)


@pytest.mark.parametrize("kind", GATEWAY_INSERTS)
def test_no_kiosk_writes_nothing(planted: Database, kind: str) -> None:
    """A gateway that speaks for no kiosk inserts no row anywhere."""
    with (
        planted.connect("gateway") as connection,
        undone(connection),
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(GATEWAY_INSERTS[kind], row_of("dax"))


@pytest.fixture
def neighbour(planted: Database) -> Iterator[UUID]:
    """A second kiosk of Dax with an open session, gone afterwards."""
    kiosk_id, session_id = made_id("kiosk", "dax/second"), made_id("session", "dax/second")
    with planted.admin() as admin:
        admin.execute(
            "insert into public.kiosks (id, gym_id, slug, name) values (%s, %s, 'sortie', 'Sortie')",
            [kiosk_id, made_id("gym", "dax")],
        )
        admin.execute(
            "insert into public.openai_realtime_sessions (id, gym_id, kiosk_id) values (%s, %s, %s)",
            [session_id, made_id("gym", "dax"), kiosk_id],
        )
        yield kiosk_id
        admin.execute("delete from public.kiosks where id = %s", [kiosk_id])


@pytest.mark.parametrize("kind", INSERTS_OF_THE_KIOSK_ITSELF)
def test_a_kiosk_does_not_speak_for_the_one_beside_it(planted: Database, neighbour: UUID, kind: str) -> None:
    """A stolen token gives one kiosk's voice, not the gym's."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege), at_kiosk(planted, "dax") as connection:
        connection.execute(GATEWAY_INSERTS[kind], row_of("dax", kiosk_id=neighbour))


def test_a_kiosk_closes_no_session_of_the_one_beside_it(planted: Database, neighbour: UUID) -> None:
    """Nor changes its state: both updates find no row."""
    with at_kiosk(planted, "dax") as connection:
        closed = connection.execute(
            "update public.openai_realtime_sessions set state = 'closed', close_reason = 'operator', ended_at = now() "
            "where kiosk_id = %s",
            [neighbour],
        ).rowcount
        marked = connection.execute("update public.kiosks set status = 'error' where id = %s", [neighbour]).rowcount
    assert (closed, marked) == (0, 0)


@pytest.mark.parametrize(
    "statement",
    [
        "update public.kiosks set status = 'error'",
        "update public.gym_members_v2 set last_visit = now()",
        "update public.openai_realtime_sessions set upstream_session_id = 'x'",
        "update public.session_turns set heard_ms = 1",
        "update public.tool_calls set status = 'done'",
    ],
)
def test_a_kiosks_update_without_a_filter_changes_its_gym_only(planted: Database, statement: LiteralString) -> None:
    """A forgotten where clause costs one gym's rows at most."""
    with at_kiosk(planted, "dax") as connection:
        assert connection.execute(statement).rowcount == 1


def test_a_kiosk_moves_no_row_to_another_gym(planted: Database) -> None:
    """The check of the policy looks at the row as it would become."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege), at_kiosk(planted, "dax") as connection:
        connection.execute("update public.openai_realtime_sessions set gym_id = %s", [made_id("gym", "pau")])


@pytest.mark.parametrize("statement", [
    "update public.realtime_events set event_type = 'forged'",
    "update public.realtime_usage set cost_usd = 0",
    "update public.gym_members_v2 set first_name = 'x'",
    "update public.conversation_summaries set status = 'pending'",
    "insert into public.manager_alerts (gym_id, alert_type, title, dedup_key) "
    "select id, 'milestone', 't', 'k' from public.gyms",
    "select count(*) from public.manager_alerts",
    "select count(*) from public.member_analytics",
    "select count(*) from public.users",
])  # fmt: skip
def test_a_kiosk_has_no_business_here(planted: Database, statement: LiteralString) -> None:
    """The event log and the ledger are append-only, and the rest is not the gateway's at all."""
    with pytest.raises(psycopg.errors.InsufficientPrivilege), at_kiosk(planted, "dax") as connection:
        connection.execute(statement)


def test_two_gyms_may_use_one_badge_and_one_slug(planted: Database) -> None:
    """A key over all gyms would tell one client what another one uses."""
    with planted.admin() as admin:
        badges = admin.execute("select count(*), count(distinct badge_id) from public.gym_members_v2").fetchone()
        slugs = admin.execute("select count(*), count(distinct slug) from public.kiosks").fetchone()
    assert (badges, slugs) == ((3, 1), (3, 1))


@pytest.mark.parametrize(
    ("assignee", "is_taken"),
    [("manager_dax", True), ("owner_atlantique", True), ("root", True), ("manager_pau", False), ("owner_rhone", False),
     ("suspended_manager", False)],
)  # fmt: skip
def test_an_alert_is_handed_to_its_own_people_only(planted: Database, assignee: str, is_taken: bool) -> None:
    """Whoever cannot see the gym cannot be given its alert, and the answer does not say whether they exist."""
    statement = "update public.manager_alerts set status = 'in_progress', assigned_to = %s where gym_id = %s"
    values = [PERSON[assignee].id, made_id("gym", "dax")]
    refusal = pytest.raises(psycopg.errors.CheckViolation, match="assignee who does not see its gym")
    with nullcontext() if is_taken else refusal, signed_in(planted, PERSON["manager_dax"]) as connection:
        assert connection.execute(statement, values).rowcount == 1


def test_a_report_over_a_franchise_is_its_owners(planted: Database) -> None:
    """It has no gym: an owner reads it, a manager and another owner do not."""
    with planted.admin() as admin:
        report_id = admin.execute(
            "insert into public.insights_reports (franchise_id, report_type, period_start, period_end, title) "
            "values (%s, 'weekly', '2026-02-23', '2026-03-02', 'Réseau') returning id",
            [made_id("franchise", "atlantique")],
        ).fetchone()
        assert report_id is not None
        try:
            seen = {}
            for name in ("root", "owner_atlantique", "owner_rhone", "manager_dax", "suspended_owner"):
                with signed_in(planted, PERSON[name]) as connection:
                    seen[name] = bool(
                        connection.execute("select from public.insights_reports where id = %s", report_id).fetchone()
                        is not None
                    )
        finally:
            admin.execute("delete from public.insights_reports where id = %s", report_id)
    assert seen == {
        "root": True, "owner_atlantique": True, "owner_rhone": False, "manager_dax": False, "suspended_owner": False,
    }  # fmt: skip


def test_a_reading_policy_that_lets_all_through_would_be_seen(planted: Database) -> None:
    """The matrix above can fail: with any one policy opened wide, somebody of Lyon reads Dax on that table."""
    widen = sql.SQL("alter policy {policy} on {table} using ({condition})")
    unnoticed = []
    with planted.admin() as admin:
        policies = admin.execute(
            "select tablename, policyname, roles[1]::text, qual from pg_policies where schemaname = 'public' "
            "and policyname in ('jarvis_dashboard_reads', 'jarvis_gateway_reads') "
            "and tablename = any (%s) order by tablename, policyname",
            [tenant_tables(admin)],
        ).fetchall()
        for table, policy, role, condition in policies:
            names = {"policy": sql.Identifier(policy), "table": sql.Identifier("public", table)}
            admin.execute(widen.format(condition=sql.SQL("true"), **names))
            try:
                stranger = (
                    signed_in(planted, PERSON["owner_rhone"])
                    if role == "jarvis_dashboard"
                    else at_kiosk(planted, "lyon")
                )
                with stranger as connection:
                    if table in tenant_tables(connection) and gyms_seen(connection, table) == {"lyon"}:
                        unnoticed.append((table, policy))
            finally:
                admin.execute(widen.format(condition=sql.SQL(condition), **names))
    assert len(policies) > 40
    assert unnoticed == []
