"""Whatever appears in an exposed schema is closed until somebody opens it, however it came there."""

from collections.abc import Iterator
from typing import LiteralString

import psycopg
import pytest

from jarvis.settings import Settings
from tests.conftest import Database, cloned_database
from tests.tenants import GYMS, PERSON, made_id, plant
from warehouse.connection import as_user


@pytest.fixture(scope="module")
def planted(
    server_settings: Settings, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A database with rows that must not show."""
    home = tmp_path_factory.mktemp("closed")
    with cloned_database(server_settings, template_database, home) as database:
        with database.admin() as admin:
            plant(admin)
        yield database


WAYS_TO_MAKE_A_TABLE: dict[str, LiteralString] = {
    "create table": "create table marts.fresh (gym_id uuid); insert into marts.fresh select id from public.gyms",
    "create table as": "create table marts.fresh as select id as gym_id from public.gyms",
    "select into": "select id as gym_id into marts.fresh from public.gyms",
    "create table if not exists": "create table if not exists marts.fresh as select id as gym_id from public.gyms",
    "partitioned": "create table marts.fresh (gym_id uuid) partition by list (gym_id); "
    "create table marts.fresh_rest partition of marts.fresh default; "
    "insert into marts.fresh select id from public.gyms",
    "renamed as dbt does": "create table marts.fresh__dbt_tmp as select id as gym_id from public.gyms; "
    "alter table marts.fresh__dbt_tmp rename to fresh",
    "moved from elsewhere": "create schema workshop; "
    "create table workshop.fresh as select id as gym_id from public.gyms; "
    "alter table workshop.fresh set schema marts",
    "opened again": "create table marts.fresh as select id as gym_id from public.gyms; "
    "alter table marts.fresh disable row level security",
    "not forced again": "create table marts.fresh as select id as gym_id from public.gyms; "
    "alter table marts.fresh no force row level security",
}


@pytest.mark.parametrize("way", WAYS_TO_MAKE_A_TABLE)
def test_a_new_table_is_closed(planted: Database, way: str) -> None:
    """Row security is enabled and forced, and a grant alone shows no row, not even to a super admin."""
    with planted.admin() as admin, admin.transaction(force_rollback=True):
        admin.execute(WAYS_TO_MAKE_A_TABLE[way])
        admin.execute("grant select on marts.fresh to jarvis_dashboard")
        protection = admin.execute(
            "select relrowsecurity, relforcerowsecurity from pg_class where oid = 'marts.fresh'::regclass"
        ).fetchone()
        admin.execute("set local role jarvis_dashboard")
        with as_user(admin, PERSON["root"].id):
            seen = admin.execute("select count(*) from marts.fresh").fetchone()
        admin.execute("reset role")
        there = admin.execute("select count(*) from marts.fresh").fetchone()
    assert protection == (True, True)
    assert seen == (0,)
    assert there == (len(GYMS),)


def test_a_closed_table_can_be_opened_on_purpose(planted: Database) -> None:
    """With its policy the same table shows each user their own."""
    with planted.admin() as admin, admin.transaction(force_rollback=True):
        admin.execute("create table marts.fresh as select id as gym_id from public.gyms")
        admin.execute("select app.protect_tenant_table('marts.fresh'::regclass, array['jarvis_dashboard'])")
        admin.execute("grant select on marts.fresh to jarvis_dashboard")
        admin.execute("set local role jarvis_dashboard")
        with as_user(admin, PERSON["manager_dax"].id):
            seen = admin.execute("select gym_id from marts.fresh").fetchall()
    assert seen == [(made_id("gym", "dax"),)]


WAYS_TO_MAKE_A_VIEW: dict[str, LiteralString] = {
    "create view": "create view marts.looking as select gym_id from public.manager_alerts",
    "replaced without the option": "create view marts.looking with (security_invoker = true) as select 1 as gym_id; "
    "drop view marts.looking; create or replace view marts.looking as select gym_id from public.manager_alerts",
    "with its owner's rights on purpose": "create view marts.looking with (security_invoker = false) "
    "as select gym_id from public.manager_alerts",
    "altered afterwards": "create view marts.looking as select gym_id from public.manager_alerts; "
    "alter view marts.looking set (security_invoker = false)",
    "reset afterwards": "create view marts.looking as select gym_id from public.manager_alerts; "
    "alter view marts.looking reset (security_invoker)",
    "moved from elsewhere": "create schema workshop; "
    "create view workshop.looking as select gym_id from public.manager_alerts; "
    "alter view workshop.looking set schema marts",
}


@pytest.mark.parametrize("way", WAYS_TO_MAKE_A_VIEW)
def test_a_new_view_reads_with_its_callers_rights(planted: Database, way: str) -> None:
    """A manager of Dax reads Dax through it, although its owner reads everything."""
    with planted.admin() as admin, admin.transaction(force_rollback=True):
        admin.execute(WAYS_TO_MAKE_A_VIEW[way])
        admin.execute("grant select on marts.looking to jarvis_dashboard")
        admin.execute("set local role jarvis_dashboard")
        with as_user(admin, PERSON["manager_dax"].id):
            seen = admin.execute("select gym_id from marts.looking").fetchall()
    assert seen == [(made_id("gym", "dax"),)]


@pytest.mark.parametrize("schema", ["public", "marts", "staging"])
def test_a_materialised_view_is_refused(planted: Database, schema: str) -> None:
    """Row security cannot protect it, so it cannot be there; the message says what to make instead."""
    statement = psycopg.sql.SQL("create materialized view {} as select 1 as gym_id").format(
        psycopg.sql.Identifier(schema, "kept")
    )
    with planted.admin() as admin, pytest.raises(psycopg.errors.RaiseException, match="expected a table"):
        admin.execute(statement)


def test_a_temporary_table_is_nobodys_business(planted: Database) -> None:
    """The gateway's landing table keeps working: it is its connection's own."""
    with planted.connect("gateway") as connection:
        connection.execute("create temporary table landing (gym_id uuid)")
        connection.execute("insert into landing values (gen_random_uuid())")
        assert connection.execute("select count(*) from landing").fetchone() == (1,)


def test_next_months_partition_is_closed(planted: Database) -> None:
    """What retention makes by itself is as closed as what a migration makes, and is made once."""
    with planted.admin() as admin, admin.transaction(force_rollback=True):
        made = admin.execute("select app.ensure_event_partitions(6)").fetchone()
        again = admin.execute("select app.ensure_event_partitions(6)").fetchone()
        careless = admin.execute(
            "select relname from pg_class where relispartition and relkind = 'r' "
            "and not (relrowsecurity and relforcerowsecurity)"
        ).fetchall()
    assert made == (3,)
    assert again == (0,)
    assert careless == []
