"""Fixtures shared by every lane: one embedded Postgres per worker, a migrated database per test that asks.

Databases are cloned from a migrated template, which takes a tenth of a second. `make test` runs two workers: tests
of one file stay together, for the sake of what the file's tests share, and so do files that share more.
"""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import psycopg
import pytest
from psycopg import sql
from psycopg.rows import dict_row
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from jarvis.settings import Door, Settings, load_settings
from tests.support.parsed_project import parsed_project
from warehouse.embedded import EmbeddedPostgres, free_port
from warehouse.migrate import create_database, migrate_up, set_door_passwords

__all__ = ["parsed_project"]

REPOSITORY = Path(__file__).resolve().parent.parent

# What takes long to make for a whole run is made by one worker.
_TOGETHER = (
    ("tests/acceptance/",),
    # The marts of tests/support/built_marts.py, and what else asks dbt or Dagster for the whole project
    (
        "tests/integration/test_metrics.py",
        "tests/integration/test_asset_graph.py",
        "tests/integration/test_cookbook.py",
        "tests/integration/test_dbt_dagster.py",
        "tests/integration/test_network_pages.py",
        "tests/integration/test_quality.py",
        "tests/integration/test_report_drills.py",
        "tests/integration/test_reports.py",
        "tests/integration/test_schedules.py",
        "tests/integration/test_trends_page.py",
        "tests/contracts/test_dbt_project.py",
    ),
    # Those of tests/support/growing_marts.py
    (
        "tests/integration/test_backfills.py",
        "tests/integration/test_build_kills.py",
        "tests/integration/test_dbt_build.py",
        "tests/integration/test_dbt_growth.py",
    ),
)

# By the first file of what stays together, longest first.
_LONGEST = (
    "tests/acceptance/",
    "tests/integration/test_metrics.py",
    "tests/integration/test_backfills.py",
    "tests/browser/test_kiosk_page.py",
)

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_database_numbers = count(1)


class SharingScheduler(LoadFileScheduling):
    """Gives each worker whole files, or all files that share something, in the order of collection."""

    def _split_scope(self, nodeid: str) -> str:
        return _group_of(super()._split_scope(nodeid))


def pytest_configure(config: pytest.Config) -> None:
    """The default home of this run's processes is none in the clone, and gone in the end."""
    # A worker of the run is given that of the process which started it.
    if "PYTEST_XDIST_WORKER" not in os.environ:
        home = tempfile.mkdtemp(prefix="jarvis-default-home-")
        os.environ["JARVIS_HOME"] = home
        config.add_cleanup(partial(shutil.rmtree, home, ignore_errors=True))


def default_settings() -> Settings:
    """Settings of that home, for what needs some and keeps nothing."""
    return load_settings({"JARVIS_HOME": os.environ["JARVIS_HOME"], "JARVIS_SECRET_KEY": "k"})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest begins first, so that no worker is left with it in the end; the rest stays in its order."""
    places = {file: place for place, file in enumerate(_LONGEST)}
    items.sort(key=lambda item: places.get(_group_of(item.nodeid.partition("::")[0]), len(places)))


def _group_of(file: str) -> str:
    """The first of the files that a file stays together with, which may be itself."""
    return next((files[0] for files in _TOGETHER if file.startswith(files)), file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> SharingScheduler:
    """Tests are shared out so that nothing expensive is made twice."""
    return SharingScheduler(config, log)


def pytest_make_parametrize_id(val: object) -> str | None:
    """A test's name says of a random id only that it is one: every worker must name its tests alike."""
    text = str(val) if isinstance(val, str | UUID) else ""
    return _UUID.sub("uuid", text) if _UUID.search(text) else None


@dataclass(frozen=True)
class Database:
    """One test's own database."""

    settings: Settings

    def url_for(self, door: Door) -> str:
        """URL that logs in as the door's role (`admin` is the superuser)."""
        return self.settings.database_url_for(door)

    def admin(self) -> psycopg.Connection:
        """An autocommit connection of the superuser, who sees past row security."""
        return psycopg.connect(self.url_for("admin"), autocommit=True)

    def connect(self, door: Door) -> psycopg.Connection:
        """A connection of one door's role; transactions are the caller's."""
        return psycopg.connect(self.url_for(door))


def rows(database: Database, query: str, *parameters: object) -> list[dict[str, Any]]:
    """Rows as the administrator sees them."""
    with psycopg.connect(database.url_for("admin"), row_factory=dict_row) as connection:
        return connection.execute(query, parameters).fetchall()  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data sets; tests that need it skip where it is absent."""
    path = Path(os.environ.get("JARVIS_DATA_DIR", REPOSITORY.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"the real data sets are not at {path}: set JARVIS_DATA_DIR")
    return path


@pytest.fixture(scope="session")
def server_settings() -> Iterator[Settings]:
    """Settings of the run's own embedded server, which is running."""
    # Not pytest's own folder: only root could enter it, and the server runs as another user.
    home = Path(tempfile.mkdtemp(prefix="jarvis-tests-"))
    home.chmod(0o755)
    settings = load_settings({"JARVIS_HOME": str(home), "JARVIS_DATABASE_PORT": str(free_port())})
    server = EmbeddedPostgres(
        data_dir=home / "postgres", port=settings.database_port, password=settings.role_password("postgres")
    )
    server.start()
    try:
        trust_the_system_cache(_database_url(settings, "postgres"))
        yield settings
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


def trust_the_system_cache(administration_url: str) -> None:
    """No write waits for the disk: tests kill processes and never the machine, and each clone waits for all of it."""
    with psycopg.connect(administration_url, autocommit=True) as root:
        for setting in ("fsync", "full_page_writes"):
            root.execute(sql.SQL("alter system set {} = off").format(sql.Identifier(setting)))
        root.execute("select pg_reload_conf()")


@pytest.fixture(scope="session")
def template_database(server_settings: Settings) -> str:
    """Name of a migrated, empty database that others are cloned from."""
    name = "jarvis_template"
    url = _database_url(server_settings, name)
    create_database(url, name)
    migrate_up(url)
    set_door_passwords(
        url,
        {
            role: server_settings.role_password(role)
            for role in ("jarvis_gateway", "jarvis_dashboard", "jarvis_pipeline")
        },
    )
    return name


@contextmanager
def cloned_database(server: Settings, template: str, home: Path, *, name: str = "") -> Iterator[Database]:
    """A database as the template is, dropped in the end; state of other kinds goes to `home`."""
    name = name or f"test_{os.getpid()}_{next(_database_numbers)}"
    made, source = sql.Identifier(name), sql.Identifier(template)
    with psycopg.connect(_database_url(server, "postgres"), autocommit=True) as root:
        # By its files: the other way writes every page to the journal first, which takes three times as long.
        root.execute(sql.SQL("create database {} template {} strategy file_copy").format(made, source))
    try:
        # With a URL given, the doors' URLs derive from it.
        yield Database(replace(server, database_url=_database_url(server, name), home=home))
    finally:
        with psycopg.connect(_database_url(server, "postgres"), autocommit=True) as root:
            root.execute(sql.SQL("drop database {} with (force)").format(made))


def _database_url(server: Settings, name: str) -> str:
    return urlunsplit(urlsplit(server.administration_url)._replace(path=f"/{name}"))


def empty(database: Database) -> None:
    """The database holds what a migrated one does, and no row more: for a process that outlives a test on it."""
    with database.admin() as connection:
        rows = connection.execute(
            "select format('%I.%I', schemaname, tablename) from pg_tables "
            "where schemaname in ('public', 'app') and tablename !~ 'yoyo' and tablename <> 'retention_rules' "
            "and not exists (select from pg_inherits where inhrelid = format('%I.%I', schemaname, tablename)::regclass)"
        ).fetchall()
        tables = ", ".join(name for (name,) in rows)
        # Whoever still writes is a fault of the test before, and said so at once.
        connection.execute("set lock_timeout = '20s'")
        connection.execute(f"truncate {tables} restart identity")  # type: ignore[arg-type]


@pytest.fixture
def own_database(server_settings: Settings, template_database: str, tmp_path: Path) -> Iterator[Database]:
    """A migrated database without rows, of this test alone."""
    with cloned_database(server_settings, template_database, tmp_path) as database:
        yield database


@pytest.fixture
def database(own_database: Database) -> Database:
    """A migrated database without rows; a folder's conftest may say that some of its tests share one."""
    return own_database


@pytest.fixture(scope="module")
def module_database(
    server_settings: Settings, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A migrated database that the tests of one module share."""
    with cloned_database(server_settings, template_database, tmp_path_factory.mktemp("module")) as database:
        yield database


@pytest.fixture(scope="module")
def settings(module_database: Database) -> Settings:
    """Settings of the module's own database."""
    return module_database.settings


@pytest.fixture(scope="module")
def admin(module_database: Database) -> Iterator[psycopg.Connection]:
    """The superuser on the module's own database, who sees past row security."""
    with module_database.admin() as connection:
        yield connection
