"""kill -9 of a build of the marts in its middle: nothing is lost or there twice, and nobody waits for a dead run."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from dagster import DagsterInstance

from jarvis.settings import Settings
from orchestration.instance import dagster_home, environment, prepare
from orchestration.queues import HEAVY, MARTS_POOL
from orchestration.warm_dbt import invoke
from orchestration.worker import settle_lost_runs
from tests.conftest import Database
from tests.integration.test_dbt_growth import TWELVE_DAYS, rows
from tests.tenants import cloned_database, made_id, plant
from warehouse.stores.marts import last_build

EVERYTHING = [word for kind in ("model", "seed", "snapshot") for word in ("--resource-type", kind)]

BUILD = """
import sys
from dagster import DagsterInstance
from jarvis.settings import load_settings
from orchestration.analytics import MARTS_JOB, build_defs
with DagsterInstance.get() as instance:
    run = build_defs(settings=load_settings()).resolve_job_def(MARTS_JOB).execute_in_process(instance=instance)
sys.exit(0 if run.success else 1)
"""


@pytest.fixture(scope="module")
def planted(
    server_settings: Settings, template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """Twelve days in Dax, and the marts built."""
    with cloned_database(
        server_settings, template_database, "build_kills", tmp_path_factory.mktemp("kills")
    ) as database:
        with database.admin() as admin:
            plant(admin)
            names = {"gym": made_id("gym", "dax"), "kiosk": made_id("kiosk", "dax"), "member": made_id("member", "dax")}
            admin.execute(TWELVE_DAYS, names)
        invoke(database.settings, "build", *EVERYTHING).raise_if_failed()
        yield database


@pytest.fixture
def instance(planted: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterInstance]:
    """Dagster's own storage, made as `jarvis up` makes it, as each of its processes opens it."""
    prepare(planted.settings)
    for name, value in environment(planted.settings).items():
        monkeypatch.setenv(name, value)
    with DagsterInstance.from_config(str(dagster_home(planted.settings))) as opened:
        yield opened


def all_rows(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Every mart's rows without the moment they were made; histories apart."""
    with database.admin() as admin:
        marts = [row[0] for row in admin.execute("select tablename from pg_tables where schemaname = 'marts'")]
    return {mart: rows(database, mart) for mart in marts if not mart.startswith("snp_")}


def environment_of(database: Database) -> dict[str, str]:
    """What a process needs to find this database, and this interpreter's own environment."""
    return {
        **os.environ,
        **environment(database.settings),
        "JARVIS_DATABASE_URL": database.url_for("admin"),
        "JARVIS_SECRET_KEY": database.settings.secret_key,
    }


def wait_until_locked(database: Database, process: "subprocess.Popen[bytes]", log: Path) -> None:
    """The process waits for the table that this test holds.

    Raises:
        AssertionError: when it ended before.
    """
    pause = threading.Event()
    with database.admin() as admin:
        while admin.execute("select from pg_locks where not granted and relation is not null").fetchone() is None:
            assert process.poll() is None, f"the build has ended, expected it to wait: {log.read_text()[-3000:]}"
            pause.wait(0.1)


def test_kill_9_in_the_middle_of_a_build_loses_and_doubles_nothing(
    planted: Database, instance: DagsterInstance, tmp_path: Path
) -> None:
    """What was made stands, what was being made does not, its place in the pool is free, and the next build ends it."""
    before = all_rows(planted)
    with psycopg.connect(planted.url_for("pipeline")) as holder, (tmp_path / "build.log").open("wb") as log:
        # The build stops in its middle, before the day's mart is swapped.
        holder.execute("lock table marts.fct_gym_daily in access share mode")
        process = subprocess.Popen(
            [sys.executable, "-c", BUILD],
            env=environment_of(planted), stdout=log, stderr=log,
        )  # fmt: skip
        try:
            wait_until_locked(planted, process, tmp_path / "build.log")
        finally:
            process.send_signal(signal.SIGKILL)
            process.wait()
    assert instance.event_log_storage.get_concurrency_info(MARTS_POOL).active_slot_count == 1
    settle_lost_runs(instance, queue=HEAVY, waiting="")
    assert instance.event_log_storage.get_concurrency_info(MARTS_POOL).active_slot_count == 0
    with planted.connect("pipeline") as pipeline:
        # Nothing is remembered of it, so the next tick makes everything, as on a new day.
        assert last_build(pipeline) is None
    invoke(planted.settings, "build", *EVERYTHING).raise_if_failed()
    assert all_rows(planted) == before
    with planted.admin() as admin:
        left = admin.execute("select relname from pg_class where relname like '%__dbt_tmp' and relkind = 'r'")
        assert left.fetchall() == []
