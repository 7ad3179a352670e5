"""Analysts' logins and exports: one person's role sees their franchise's gyms, in psql as in a file."""

import csv
import stat
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pyarrow.parquet as pq
import pytest

from jarvis.cli import main
from jarvis.settings import Settings
from tests.conftest import Database, cloned_database
from tests.tenants import made_id, plant
from warehouse.embedded import psql_path
from warehouse.export import ExportRefused, export_mart
from warehouse.pgpass import PasswordFile, url_as
from warehouse.stores import analysts
from warehouse.stores.analysts import AnalystRefused

NEW_EMAIL = "Ana.Durand@example.org"

# A mart in small, protected as dbt's hook protects one.
MART = """
create table marts.fct_probe (
    gym_id uuid not null, happened_at timestamptz, on_date date, cost_usd numeric(12, 6), topics text[], note text,
    visit_count integer, is_new boolean
);
alter table marts.fct_probe owner to jarvis_pipeline;
select app.protect_tenant_table('marts.fct_probe', array['jarvis_analyst']);
grant select on marts.fct_probe to jarvis_analyst;
create table marts.fct_closed (gym_id uuid);
alter table marts.fct_closed owner to jarvis_pipeline;
"""


@pytest.fixture(scope="module")
def planted(
    server_settings: Settings, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """Two franchises, three gyms, and a mart with a row for each gym."""
    home = tmp_path_factory.mktemp("analysts")
    with cloned_database(server_settings, template_database, home) as database:
        with database.admin() as admin:
            plant(admin)
            admin.execute(MART)
            admin.execute(
                "insert into marts.fct_probe select id, '2026-03-02 11:00+00', '2026-03-02', 1.25, '{a,b}', "
                "'dit \"oui\", part', 3, null from public.gyms"
            )
        yield database


@pytest.fixture
def ana(planted: Database) -> Iterator[str]:
    """The URL with which a new analyst of the franchise of Dax and Pau logs in; gone afterwards."""
    with planted.admin() as admin:
        login, password = analysts.add_login(admin, email=NEW_EMAIL, franchise=franchise_name(admin))
        try:
            parts = urlsplit(planted.url_for("admin"))
            netloc = f"{login.role_name}:{password}@{parts.hostname}:{parts.port}"
            yield urlunsplit(parts._replace(netloc=netloc))
        finally:
            analysts.remove_login(admin, NEW_EMAIL)


def franchise_name(admin: psycopg.Connection) -> str:
    """What the franchise of Dax and Pau is called."""
    row = admin.execute("select name from public.franchises where id = %s", [made_id("franchise", "atlantique")])
    return str(row.fetchone()[0])  # type: ignore[index]


def test_a_new_analyst_sees_the_gyms_of_the_franchise_in_plain_sql(ana: str) -> None:
    """By login alone, without a setting, and in the mart's own schema without naming it."""
    with psycopg.connect(ana) as connection:
        seen = {row[0] for row in connection.execute("select gym_id from fct_probe")}
    assert seen == {made_id("gym", "dax"), made_id("gym", "pau")}


def test_a_login_reads_and_nothing_else(ana: str) -> None:
    """An analyst writes nothing and takes no other role."""
    for statement in ("delete from marts.fct_probe", "set role jarvis_pipeline", "select * from public.users"):
        with psycopg.connect(ana) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())


def test_a_suspended_person_sees_nothing_at_once(planted: Database, ana: str) -> None:
    """The login stays; its eyes are closed."""
    with planted.admin() as admin, psycopg.connect(ana, autocommit=True) as connection:
        admin.execute("update public.users set is_active = false where email = %s", [NEW_EMAIL.lower()])
        try:
            assert connection.execute("select count(*) from fct_probe").fetchone() == (0,)
        finally:
            admin.execute("update public.users set is_active = true where email = %s", [NEW_EMAIL.lower()])


def test_adding_again_changes_the_password_only(planted: Database, ana: str) -> None:
    """One person has one login; the old password opens nothing."""
    with planted.admin() as admin:
        before = analysts.login_of(admin, NEW_EMAIL)
        again, _ = analysts.add_login(admin, email=NEW_EMAIL, franchise=None)
        assert again == before
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(ana)


def test_two_people_of_one_name_have_two_logins(planted: Database, ana: str) -> None:
    """The part before the @ names the role; a number follows where it is taken."""
    with planted.admin() as admin:
        name = franchise_name(admin)
        other, _ = analysts.add_login(admin, email="ana.durand@example.com", franchise=name)
        try:
            assert [one.role_name for one in analysts.logins(admin)] == ["analyst_ana_durand_2", "analyst_ana_durand"]
            assert other.email == "ana.durand@example.com"
        finally:
            analysts.remove_login(admin, "ana.durand@example.com")


def test_a_removed_login_is_gone_with_its_connections(planted: Database) -> None:
    """Whoever was inside is out, and the server keeps no role."""
    with planted.admin() as admin:
        login, password = analysts.add_login(admin, email="bo@example.org", franchise=franchise_name(admin))
        parts = urlsplit(planted.url_for("admin"))
        netloc = f"{login.role_name}:{password}@{parts.hostname}:{parts.port}"
        with psycopg.connect(urlunsplit(parts._replace(netloc=netloc)), autocommit=True) as inside:
            analysts.remove_login(admin, "BO@example.org")
            with pytest.raises(psycopg.OperationalError):
                inside.execute("select 1")
        assert admin.execute("select from pg_roles where rolname = %s", [login.role_name]).fetchall() == []
        with pytest.raises(AnalystRefused, match=r"found no login of 'bo@example.org'.*jarvis analyst add"):
            analysts.login_of(admin, "bo@example.org")


@pytest.mark.parametrize(
    ("email", "franchise", "message"),
    [
        ("nobody", "x", "expected an e-mail address"),
        ("new@example.org", "Nulle part", "found no franchise 'Nulle part', expected one of: "),
        ("new@example.org", None, "give --franchise"),
        ("suspended_analyst@jarvis.test", None, "suspended"),
        ("owner_rhone@jarvis.test", "atlantique", "another franchise"),
    ],
)
def test_what_cannot_be_a_login_is_refused(planted: Database, email: str, franchise: str | None, message: str) -> None:
    """The message says what was found and what to do, and nothing is written."""
    with planted.admin() as admin:
        known = {row[0]: row[1] for row in admin.execute("select id, email from public.users")}
        email = known.get(made_id("user", email.partition("@")[0]), email)
        franchise = franchise_name(admin) if franchise == "atlantique" else franchise
        with pytest.raises(AnalystRefused, match=message):
            analysts.add_login(admin, email=email, franchise=franchise)
        assert analysts.logins(admin) == []


def test_no_password_reaches_the_servers_log(planted: Database) -> None:
    """What is sent is the verifier: a log of statements holds no password."""
    with planted.admin() as admin:
        _, password = analysts.add_login(admin, email=NEW_EMAIL, franchise=franchise_name(admin))
        try:
            kept = admin.execute("select rolpassword from pg_authid where rolname = 'analyst_ana_durand'").fetchone()
        finally:
            analysts.remove_login(admin, NEW_EMAIL)
    assert kept is not None
    assert kept[0].startswith("SCRAM-SHA-256$")
    assert password not in kept[0]


def test_psql_logs_in_with_the_password_file_alone(planted: Database, ana: str, tmp_path: Path) -> None:
    """The wheel's psql finds the password by PGPASSFILE: it stands in no argument."""
    parts = urlsplit(ana)
    url = planted.url_for("admin")
    passwords = PasswordFile(tmp_path / "pgpass")
    passwords.put(url, role_name=parts.username or "", password=parts.password or "")
    completed = subprocess.run(
        [psql_path(), "--no-password", "-Atc", "select count(*) from fct_probe", url_as(url, parts.username or "")],
        env={"PGPASSFILE": str(passwords.path), "PSQLRC": "/dev/null"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (completed.returncode, completed.stdout.strip()) == (0, "2"), completed.stderr


def test_the_password_file_is_its_owners_alone_and_keeps_other_lines(tmp_path: Path) -> None:
    """Mode 600; colons and backslashes are escaped; the same login has one line."""
    url = "postgresql://postgres:secret@127.0.0.1:5432/jarvis"
    passwords = PasswordFile(tmp_path / "home" / "pgpass")
    passwords.put(url, role_name="ana", password="one")
    passwords.put(url, role_name="bo:b", password=r"t:w\o")
    passwords.put(url, role_name="ana", password="three")
    assert stat.S_IMODE(passwords.path.stat().st_mode) == 0o600
    assert passwords.roles(url) == ["bo:b", "ana"]
    assert passwords.path.read_text("utf-8").splitlines()[0] == r"127.0.0.1:5432:jarvis:bo\:b:t\:w\\o"
    passwords.drop(url, role_name="ana")
    assert passwords.roles(url) == ["bo:b"]


def test_a_csv_holds_the_rows_of_the_callers_gyms(ana: str, tmp_path: Path) -> None:
    """A header, quotes where due, nothing of another franchise."""
    out = tmp_path / "probe.csv"
    with psycopg.connect(ana) as connection:
        assert export_mart(connection, "fct_probe", out, kind="csv") == 2
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["gym_id"] for row in rows} == {str(made_id("gym", gym)) for gym in ("dax", "pau")}
    assert {(row["note"], row["topics"], row["is_new"]) for row in rows} == {('dit "oui", part', "{a,b}", "")}


def test_a_parquet_file_keeps_the_types(ana: str, tmp_path: Path) -> None:
    """Decimals stay decimals, moments UTC, lists lists; the same rows as in CSV."""
    out = tmp_path / "probe.parquet"
    with psycopg.connect(ana) as connection:
        assert export_mart(connection, "marts.fct_probe", out, kind="parquet") == 2
    table = pq.read_table(out)
    assert {field.name: str(field.type) for field in table.schema} == {
        "gym_id": "string",
        "happened_at": "timestamp[us, tz=UTC]",
        "on_date": "date32[day]",
        "cost_usd": "decimal128(12, 6)",
        "topics": "list<element: string>",
        "note": "string",
        "visit_count": "int32",
        "is_new": "bool",
    }
    rows = table.to_pylist()
    assert {row["gym_id"] for row in rows} == {str(made_id("gym", gym)) for gym in ("dax", "pau")}
    assert {(row["cost_usd"], tuple(row["topics"]), row["visit_count"]) for row in rows} == {
        (Decimal("1.25"), ("a", "b"), 3)
    }


@pytest.mark.parametrize("mart", ["fct_nothing", "fct_closed", "public.users", "fct_probe; drop table x"])
def test_what_is_no_mart_of_the_caller_is_named(ana: str, tmp_path: Path, mart: str) -> None:
    """The message lists what there is; no file is left."""
    with psycopg.connect(ana) as connection, pytest.raises(ExportRefused, match=r"expected one of: fct_probe$"):
        export_mart(connection, mart, tmp_path / "out.csv", kind="csv")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_is_named(ana: str, tmp_path: Path) -> None:
    """Nothing is made on the way."""
    with psycopg.connect(ana) as connection, pytest.raises(ExportRefused, match="found no folder to write in"):
        export_mart(connection, "fct_probe", tmp_path / "missing" / "probe.csv", kind="csv")
    assert list(tmp_path.iterdir()) == []


def test_the_command_line_makes_uses_and_ends_a_login(
    planted: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """add, list, psql, export, remove: with no name given, the only login made on this machine."""
    monkeypatch.setenv("JARVIS_HOME", str(tmp_path))
    monkeypatch.setenv("JARVIS_DATABASE_URL", planted.url_for("admin"))
    monkeypatch.setenv("PGPASSFILE", "/dev/null")
    with planted.admin() as admin:
        name = franchise_name(admin)
    out = tmp_path / "probe.csv"
    assert main(["analyst", "psql"]) == 1
    assert main(["analyst", "add", "Eve@example.org", "--franchise", name]) == 0
    try:
        assert main(["analyst", "list"]) == 0
        assert main(["analyst", "psql", "--command", "select count(*) as found from fct_probe"]) == 0
        assert main(["analyst", "export", "fct_probe", "--format", "csv", "--out", str(out)]) == 0
        assert main(["analyst", "export", "fct_none", "--out", str(out)]) == 1
    finally:
        assert main(["analyst", "remove", "eve@example.org"]) == 0
    said = capfd.readouterr()
    assert f"eve@example.org  analyst_eve  analyst of {name}" in said.out
    assert "(1 row)" in said.out
    assert f"2 rows in {out}" in said.out
    assert "found no login made on this machine" in said.err
    assert "found no mart 'fct_none', expected one of: fct_probe" in said.err
    assert (tmp_path / "pgpass").read_text("utf-8") == ""
