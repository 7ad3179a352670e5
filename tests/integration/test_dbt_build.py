"""The analysts' door built for real: dbt on a migrated database, then looked at through each door."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

from jarvis.settings import Settings
from orchestration import dbt
from orchestration.warm_dbt import invoke
from tests.conftest import REPOSITORY, Database
from tests.contracts.test_queries import plans_as
from tests.support.gateway_processes import wait_until
from tests.support.growing_marts import EVERYTHING
from tests.tenants import GYMS, PEOPLE, PERSON, Person, made_id
from warehouse.connection import as_user
from warehouse.sql import read_blocks

# Every mart that a gym's people read only their own rows of; what dbt snapshots is among them.
MARTS = (
    "dim_gyms",
    "dim_kiosks",
    "dim_members",
    "fct_action_items",
    "fct_alert_uplift",
    "fct_alerts",
    "fct_churn_monthly",
    "fct_churn_outcomes",
    "fct_costs_daily",
    "fct_gym_daily",
    "fct_kiosk_daily",
    "fct_label_agreement",
    "fct_member_weekly",
    "fct_report_deliveries",
    "fct_retention_cohorts",
    "fct_sessions",
    "fct_tool_calls_daily",
    "fct_topics_daily",
    "fct_visits_hourly",
    "snp_kiosks",
    "snp_member_risk",
    "snp_memberships",
)
# Views on marts, which run with their reader's rights.
VIEWS = ("fct_franchise_gyms_monthly", "fct_franchise_topics_monthly")
# What speaks of no gym.
SHARED = ("dim_dates",)


ANALYST = "test_analyst_of_atlantique"


@pytest.fixture(scope="module")
def built(days: Database) -> Database:
    """A planted database whose marts are built a second time: dbt swaps tables that exist."""
    # What dbt tests is tested in the build of `test_dbt_dagster.py`, on more rows.
    invoke(days.settings, "build", "--full-refresh", *EVERYTHING).raise_if_failed()
    return days


@contextmanager
def analyst_connection(database: Database, *, person: str) -> Iterator[psycopg.Connection]:
    """A connection of a login role that is this person, as an administrator would make it; then the role is gone."""
    password = "only-for-this-test"
    role = sql.Identifier(ANALYST)
    with database.admin() as admin:
        admin.execute(sql.SQL("create role {} login password {} in role jarvis_analyst").format(role, password))
        admin.execute("insert into app.analyst_logins values (%s, %s)", [ANALYST, PERSON[person].id])
        parts = urlsplit(database.url_for("admin"))
        netloc = f"{ANALYST}:{password}@{parts.hostname}:{parts.port}"
        try:
            with psycopg.connect(urlunsplit(parts._replace(netloc=netloc)), autocommit=True) as connection:
                yield connection
        finally:
            admin.execute("delete from app.analyst_logins where role_name = %s", [ANALYST])
            admin.execute(sql.SQL("drop role {}").format(role))


def gyms_seen(connection: psycopg.Connection, mart: str) -> set[str]:
    """Names of the gyms whose rows of a mart this connection reads."""
    query = sql.SQL("select distinct gym_id from {}").format(sql.Identifier("marts", mart))
    names = {made_id("gym", gym): gym for gym in GYMS}
    return {names[row[0]] for row in connection.execute(query)}


def test_every_rebuilt_mart_is_forced_and_has_its_policies(built: Database) -> None:
    """dbt swaps the table, which drops all of this: it must stand again when the swap commits."""
    with built.admin() as admin:
        unforced = admin.execute(
            "select relname from pg_class where relnamespace = 'marts'::regnamespace and relkind = 'r' "
            "and not (relrowsecurity and relforcerowsecurity)"
        ).fetchall()
        policies = admin.execute(
            "select tablename, array_agg(policyname || ' ' || cmd || ' ' || "
            "(select array_agg(role order by role) from unnest(roles::text[]) as role)::text order by policyname) "
            "from pg_policies where schemaname = 'marts' group by tablename"
        ).fetchall()
    own = [f"jarvis_{door}_reads SELECT {{jarvis_{door}}}" for door in ("analyst", "dashboard")]
    everybody = ["shared_reads SELECT {jarvis_analyst,jarvis_dashboard}"]
    assert unforced == []
    assert dict(policies) == {**dict.fromkeys(MARTS, own), **dict.fromkeys(SHARED, everybody)}


def test_every_rebuilt_mart_is_granted_for_reading_only(built: Database) -> None:
    """The dashboard and the analysts read; nobody but the pipeline, which owns it, may do more."""
    with built.admin() as admin:
        grants = admin.execute(
            "select table_name::text, array_agg(grantee || ' ' || privilege_type order by grantee::text) "
            "from information_schema.role_table_grants "
            "where table_schema = 'marts' and grantee <> 'jarvis_pipeline' group by table_name"
        ).fetchall()
    reading = ["jarvis_analyst SELECT", "jarvis_dashboard SELECT"]
    assert dict(grants) == dict.fromkeys((*MARTS, *VIEWS, *SHARED), reading)


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.name)
def test_a_dashboard_user_reads_their_own_gyms(built: Database, person: Person) -> None:
    """A manager of Dax can't read Pau, an owner reads the franchise, a suspended user nothing; in each mart."""
    with built.connect("dashboard") as connection, as_user(connection, person.id):
        seen = {mart: gyms_seen(connection, mart) for mart in (*MARTS, *VIEWS)}
    assert seen == dict.fromkeys((*MARTS, *VIEWS), person.sees)


def test_nobody_signed_in_reads_nothing(built: Database) -> None:
    """No identity, no rows; an empty claim is no identity and no error."""
    with built.connect("dashboard") as connection:
        for _ in range(2):
            assert {mart: gyms_seen(connection, mart) for mart in MARTS} == {mart: set() for mart in MARTS}
            connection.execute("select set_config('app.user_id', '', true)")


@pytest.mark.parametrize("person", ["analyst_atlantique", "analyst_dax", "suspended_analyst"])
def test_an_analyst_in_plain_psql_reads_their_own_gyms(built: Database, person: str) -> None:
    """An analyst of a franchise sees its gyms in every mart, by login alone, and cannot claim to be somebody else."""
    with analyst_connection(built, person=person) as connection:
        connection.execute("select set_config('app.user_id', %s, false)", [str(PERSON["root"].id)])
        for mart in MARTS:
            assert gyms_seen(connection, mart) == PERSON[person].sees


@pytest.mark.parametrize("table", SHARED)
def test_the_calendar_is_everybody_s_and_nobody_s_to_change(built: Database, table: str) -> None:
    """It speaks of no gym: whoever signs in reads all of it."""
    count = sql.SQL("select count(*) from {}").format(sql.Identifier("marts", table))
    with built.admin() as admin:
        rows = admin.execute(count).fetchone()
    with built.connect("dashboard") as connection:
        assert connection.execute(count).fetchone() == rows != (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(sql.SQL("delete from {}").format(sql.Identifier("marts", table)))


def test_an_analyst_who_is_super_admin_sees_every_gym(built: Database) -> None:
    """In plain psql, by login alone."""
    with analyst_connection(built, person="root") as connection:
        assert gyms_seen(connection, "fct_sessions") == set(GYMS)


def test_an_analyst_does_not_reach_the_staging_views(built: Database) -> None:
    """Marts are the contract with analysts; staging may change under them."""
    with (
        analyst_connection(built, person="analyst_atlantique") as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("select count(*) from staging.stg_jarvis__sessions")


def test_a_staging_view_reads_with_its_callers_rights(built: Database) -> None:
    """A view otherwise reads as its owner, who sees every gym."""
    with built.admin() as admin:
        careless = admin.execute(
            "select relname from pg_class where relnamespace = any (array['staging', 'marts']::regnamespace[]) "
            "and relkind = 'v' "
            "and not coalesce('security_invoker=true' = any (reloptions), false)"
        ).fetchall()
        count = admin.execute("select count(*) from pg_views where schemaname = 'staging'").fetchone()
        models = Path(dbt.PROJECT, "models")
        expected = len([*models.glob("staging/*.sql"), *models.glob("intermediate/*.sql")])
    assert careless == []
    assert count == (expected,)


def test_a_mart_without_the_hook_is_closed_to_all(built: Database) -> None:
    """Whoever forgets the hook has shown nothing to anybody: fail closed."""
    with built.connect("pipeline") as pipeline:
        pipeline.execute("create table marts.careless as select id as gym_id from public.gyms")
        pipeline.execute("grant select on marts.careless to jarvis_dashboard, jarvis_analyst")
        pipeline.commit()
    try:
        with built.connect("dashboard") as connection, as_user(connection, PERSON["root"].id):
            assert gyms_seen(connection, "careless") == set()
        with analyst_connection(built, person="analyst_atlantique") as connection:
            assert gyms_seen(connection, "careless") == set()
    finally:
        with built.connect("pipeline") as pipeline:
            pipeline.execute("drop table marts.careless")


def test_a_session_with_its_cost_reaches_the_day(built: Database) -> None:
    """One session of 90 seconds at noon in Dax, 1.25 cents of voice and 0.04 of analysis, is the day's row of Dax."""
    with built.admin() as admin:
        row = admin.execute(
            "select local_date::text, visit_count, distinct_visitor_count, session_count, session_minutes::text, "
            "mean_sentiment_score::text, negative_session_count, alert_opened_count, cost_usd::text "
            "from marts.fct_gym_daily where gym_id = %s and local_date = '2026-03-02'",
            [made_id("gym", "dax")],
        ).fetchall()
    assert row == [("2026-03-02", 1, 1, 1, "1.50", "-0.600", 1, 1, "0.012900")]


def test_numbers_keep_their_precision(built: Database) -> None:
    """The contract's types are the table's types, precision included."""
    with built.admin() as admin:
        types = admin.execute(
            "select attname, format_type(atttypid, atttypmod) from pg_attribute "
            "where attrelid = 'marts.fct_sessions'::regclass and attname = any(%s) "
            "order by attname",
            [["cost_usd", "key_topics", "sentiment_score"]],
        ).fetchall()
    assert types == [("cost_usd", "numeric(12,6)"), ("key_topics", "text[]"), ("sentiment_score", "numeric(3,2)")]


def test_the_project_folder_holds_nothing_of_a_build() -> None:
    """Results and logs go home, not into the repository."""
    assert not [name for name in ("target", "logs", "dbt_packages") if Path(dbt.PROJECT, name).exists()]


# What is rebuilt alone, and how: from the command line and in the worker's process, of each kind that others stand on.
PARTS = {
    "the gyms, from the command line": lambda settings: dbt.run(settings, "build", "--select", "dim_gyms"),
    "sessions, a staging view and a seed, warm": lambda settings: invoke(
        settings, "build", "--full-refresh", "--resource-type", "model", "--resource-type", "seed",
        "--select", "fct_sessions", "stg_jarvis__usage", "stg_jarvis__visits", "model_prices",
    ).raise_if_failed(),
}  # fmt: skip


@pytest.mark.parametrize("rebuild", PARTS.values(), ids=PARTS)
def test_a_build_of_a_part_leaves_the_views_on_it(built: Database, rebuild: Callable[[Settings], object]) -> None:
    """The same views stand, never dropped, with grants, comments and their reader's rights, and read the new tables."""
    before = views(built)
    assert {*VIEWS, "int_usage__priced", "int_visits__localised", "int_memberships__stays"} <= set(before)
    rebuild(built.settings)
    assert views(built) == before
    with built.connect("dashboard") as connection, as_user(connection, PERSON["manager_dax"].id):
        assert {view: gyms_seen(connection, view) for view in VIEWS} == dict.fromkeys(VIEWS, PERSON["manager_dax"].sees)


def test_a_seed_made_anew_takes_its_turn_before_its_table(built: Database) -> None:
    """Another build retires a table meanwhile and reads the views on the seed: it does, and the seed waits for it."""
    waiting = "select count(*) from pg_locks where locktype = 'advisory' and not granted"
    with ThreadPoolExecutor(1) as pool, built.connect("pipeline") as other, built.admin() as watcher:
        other.execute("select pg_advisory_xact_lock(hashtext('app.retire_relation'))")
        seed = pool.submit(dbt.run, built.settings, "seed", "--full-refresh", "--select", "model_prices")
        wait_until(lambda: watcher.execute(waiting).fetchone() == (1,), seconds=60, what="the seed's turn")
        other.execute("set local lock_timeout = '1s'")
        read = other.execute("select count(*) from staging.int_usage__priced").fetchone()
        other.rollback()
        seed.result()
    assert read is not None


def test_views_are_none_the_worse_when_everything_is_rebuilt_after_a_part(built: Database) -> None:
    """dbt knows again which views there are: the next build replaces them."""
    invoke(
        built.settings, "build", "--resource-type", "model", "--select", "dim_gyms", "fct_sessions", *VIEWS
    ).raise_if_failed()
    assert set(VIEWS) <= set(views(built))


def test_a_view_that_cannot_stand_on_the_new_table_goes_with_the_old_one(built: Database) -> None:
    """A column it reads is gone: the table is replaced all the same, and nothing is left of the old one."""
    with built.connect("pipeline") as pipeline:
        pipeline.execute("create table marts.swapped__dbt_backup as select 1 as kept, 2 as gone")
        pipeline.execute("create view marts.reads_both as select kept, gone from marts.swapped__dbt_backup")
        pipeline.execute("create view marts.reads_one as select kept from marts.swapped__dbt_backup")
        pipeline.execute("create table marts.swapped as select 1 as kept")
        told = pipeline.execute(
            "select view_name::text, is_standing "
            "from app.retire_relation('marts.swapped__dbt_backup', 'marts.swapped') order by 1"
        ).fetchall()
        left = pipeline.execute(
            "select relname::text from pg_class where relname like 'swapped%' or relname like 'reads%' order by 1"
        ).fetchall()
        pipeline.rollback()
    assert told == [("reads_both", False), ("reads_one", True)]
    assert left == [("reads_one",), ("swapped",)]


def views(database: Database) -> dict[str, tuple[object, ...]]:
    """Every view of the project by name: its own number, its rights, its comment, and what it reads."""
    with database.admin() as admin:
        found = admin.execute(
            "select relname::text, oid, relacl::text, reloptions, obj_description(oid, 'pg_class'), "
            "pg_get_viewdef(oid) "
            "from pg_class where relkind = 'v' and relnamespace = any (array['staging', 'marts']::regnamespace[]) "
            # Rebuilt themselves.
            "and relname not in ('stg_jarvis__usage', 'stg_jarvis__visits')"
        ).fetchall()
    return {name: tuple(rest) for name, *rest in found}


def test_a_build_leaves_no_password_behind(built: Database) -> None:
    """Neither the log nor any result holds the pipeline's password."""
    password = urlsplit(built.url_for("pipeline")).password
    assert password
    holders = [
        path.name
        for path in dbt.state_folder(built.settings).rglob("*")
        if path.is_file() and password.encode() in path.read_bytes()
    ]
    assert holders == []


def test_a_failing_build_says_what_failed(built: Database) -> None:
    """A row that breaks an invariant fails the build, and the message names the test."""
    stranger = made_id("gym", "of nobody")
    with built.admin() as admin:
        admin.execute(
            "insert into marts.dim_gyms (gym_id, gym_slug, gym_name, gym_status, timezone, kiosk_count, "
            "active_member_count, created_at, built_at) "
            "values (%s, 'nobody', 'Nobody', 'active', 'Europe/Paris', 0, 0, now(), now())",
            [stranger],
        )
        try:
            with pytest.raises(dbt.DbtError, match="same_rows_as_dim_gyms_gym_id"):
                dbt.run(built.settings, "test", "--select", "dim_gyms")
        finally:
            admin.execute("delete from marts.dim_gyms where gym_id = %s", [stranger])


def test_the_page_names_every_mart(built: Database) -> None:
    """A new mart is shown at the door."""
    page = (REPOSITORY / "docs" / "doors" / "analysts.md").read_text("utf-8")
    with built.admin() as admin:
        marts = {
            row[0]
            for row in admin.execute(
                "select relname from pg_class where relnamespace = 'marts'::regnamespace and relkind in ('r', 'v')"
            )
        }
    assert marts == {*MARTS, *VIEWS, *SHARED}
    assert {mart for mart in marts if f"`marts.{mart}`" not in page} == set()


PAGE_QUESTIONS = [
    pytest.param(path, block, id=f"{path.stem}.{block}")
    for path in sorted((REPOSITORY / "dashboards" / "queries").glob("marts_*.sql"))
    for block in read_blocks(path)
]


@pytest.mark.parametrize(("path", "block"), PAGE_QUESTIONS)
def test_what_a_page_asks_the_marts_plans_for_its_login(built: Database, path: Path, block: str) -> None:
    """A mart whose column is gone fails here and not in front of a manager."""
    with built.admin() as admin:
        problem = plans_as(admin, "jarvis_dashboard", read_blocks(path)[block].strip().removesuffix(";"))
    assert problem is None
